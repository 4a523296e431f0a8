public import Tensors

/// A decoder-only language model: its shape, its weights, and the workers that run it.
public final class Decoder: Sendable {
    public let configuration: DecoderConfiguration
    public let weights: ParameterArena
    public let pool: WorkerPool
    let embedding: Embedding
    let layers: [DecoderLayer]
    let finalNorm: Norm
    /// Offset of the `[vocab, channels]` matrix that makes logits.
    let headWeight: Int

    /// - Parameter weights: laid out by `ParameterLayout(configuration)`.
    public init(configuration: DecoderConfiguration, weights: ParameterArena, pool: WorkerPool) {
        precondition(
            weights.layout == ParameterLayout(configuration),
            "Decoder: the weights are laid out for another configuration")
        let builder = LayerBuilder(configuration: configuration, layout: weights.layout)
        self.configuration = configuration
        self.weights = weights
        self.pool = pool
        embedding = Embedding(
            tokens: builder.offset(.tokenEmbedding),
            positions: weights.layout[.positionEmbedding]?.offset,
            channels: configuration.channels)
        layers = (0..<configuration.layers).map(builder.layer)
        finalNorm = builder.norm(.finalNormWeight, .finalNormBias)
        headWeight = builder.offset(configuration.tiedEmbeddings ? .tokenEmbedding : .head)
    }

    func makeRotaryEmbedding() -> RotaryEmbedding? {
        guard case .rotary(let rotary) = configuration.position else { return nil }
        return RotaryEmbedding(rotary, contextLength: configuration.contextLength)
    }

    /// Callers check what comes from outside; this catches our own mistakes before memory is hurt.
    func check(tokens: [Int32], positions: [Int32]) {
        let vocabulary = 0..<Int32(configuration.vocabularySize)
        precondition(
            tokens.allSatisfy(vocabulary.contains), "Decoder: a token is not in the vocabulary")
        precondition(
            positions.allSatisfy { $0 < configuration.contextLength },
            "Decoder: a position is beyond the context length")
    }
}

/// Finds the parameters of layers in a layout.
private struct LayerBuilder {
    let configuration: DecoderConfiguration
    let layout: ParameterLayout

    func offset(_ name: ParameterName) -> Int {
        guard let entry = layout[name] else {
            preconditionFailure("Decoder: the layout has no \(name)")
        }
        return entry.offset
    }

    func norm(_ weight: ParameterName, _ bias: ParameterName) -> Norm {
        Norm(
            weight: offset(weight), bias: layout[bias]?.offset, channels: configuration.channels,
            epsilon: configuration.normEpsilon, isCentered: configuration.norm == .layer)
    }

    private func headNorm(_ weight: ParameterName) -> Norm? {
        layout[weight].map { entry in
            Norm(
                weight: entry.offset, bias: nil, channels: configuration.headSize,
                epsilon: configuration.normEpsilon, isCentered: false)
        }
    }

    func layer(_ index: Int) -> DecoderLayer {
        func name(_ part: ParameterName.Part) -> ParameterName { .layer(index, part) }
        let attention = attention(index)
        return DecoderLayer(
            attentionNorm: norm(name(.attentionNormWeight), name(.attentionNormBias)),
            queryKeyValue: Linear(
                weight: offset(name(.queryWeight)), bias: layout[name(.queryBias)]?.offset,
                inputs: configuration.channels, outputs: attention.stride),
            queryNorm: headNorm(name(.queryNormWeight)), keyNorm: headNorm(name(.keyNormWeight)),
            attention: attention,
            attentionOutput: Linear(
                weight: offset(name(.attentionOutputWeight)),
                bias: layout[name(.attentionOutputBias)]?.offset,
                inputs: configuration.queryChannels, outputs: configuration.channels),
            feedForwardNorm: norm(name(.feedForwardNormWeight), name(.feedForwardNormBias)),
            feedForward: feedForward(index))
    }

    private func attention(_ index: Int) -> Attention {
        let isWindowed = index >= configuration.slidingWindowFirstLayer
        let share = configuration.attentionScaleByLayer ? 1 / Float(index + 1) : 1
        return Attention(
            heads: configuration.heads, keyValueHeads: configuration.keyValueHeads,
            headSize: configuration.headSize, scale: configuration.attentionScale * share,
            window: isWindowed ? configuration.slidingWindow ?? 0 : 0)
    }

    private func feedForward(_ index: Int) -> FeedForward {
        let isGated = configuration.feedForward.isGated
        let inner = configuration.feedForwardChannels
        let firstWeight = ParameterName.layer(index, isGated ? .gateWeight : .upWeight)
        let firstBias = ParameterName.layer(index, isGated ? .gateBias : .upBias)
        return FeedForward(
            expand: Linear(
                weight: offset(firstWeight), bias: layout[firstBias]?.offset,
                inputs: configuration.channels, outputs: isGated ? 2 * inner : inner),
            down: Linear(
                weight: offset(.layer(index, .downWeight)),
                bias: layout[.layer(index, .downBias)]?.offset,
                inputs: inner, outputs: configuration.channels),
            isGated: isGated, activation: configuration.feedForward.activation)
    }
}
