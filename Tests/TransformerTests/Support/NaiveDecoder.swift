import Foundation
import Tensors
import Transformer

/// The decoder once more, in double precision and plain loops, one sequence at a time.
struct NaiveDecoder {
    let configuration: DecoderConfiguration
    let layout: ParameterLayout
    /// Laid out as the arena.
    var parameters: [Double]

    init(_ configuration: DecoderConfiguration, _ weights: ParameterArena) {
        self.configuration = configuration
        layout = weights.layout
        parameters = weights.buffer.array.map(Double.init)
    }

    /// Log-probabilities of every token of the vocabulary after each token.
    func logProbabilities(_ tokens: [Int32]) -> [[Double]] {
        logits(tokens).map { logits in
            let maximum = logits.max() ?? 0
            let logSum = maximum + log(logits.reduce(0) { $0 + exp($1 - maximum) })
            return logits.map { $0 - logSum }
        }
    }

    func logits(_ tokens: [Int32]) -> [[Double]] {
        let head: ParameterName = configuration.tiedEmbeddings ? .tokenEmbedding : .head
        var stream = tokens.enumerated().map { embed($1, position: $0) }
        for layer in 0..<configuration.layers {
            let normed = stream.map {
                norm($0, .layer(layer, .attentionNormWeight), .layer(layer, .attentionNormBias))
            }
            stream = add(stream, attention(layer, normed))
            let normedAgain = stream.map {
                norm($0, .layer(layer, .feedForwardNormWeight), .layer(layer, .feedForwardNormBias))
            }
            stream = add(stream, normedAgain.map { feedForward(layer, $0) })
        }
        return stream.map { row in
            linear(norm(row, .finalNormWeight, .finalNormBias), head, nil)
                .map { $0 * Double(configuration.logitScale) }
        }
    }

    // MARK: Layers

    private func values(_ name: ParameterName) -> ArraySlice<Double>? {
        layout[name].map { parameters[$0.offset..<$0.offset + $0.count] }
    }

    private func embed(_ token: Int32, position: Int) -> [Double] {
        let channels = configuration.channels
        func row(_ name: ParameterName, _ index: Int) -> [Double] {
            values(name).map { Array($0.dropFirst(index * channels).prefix(channels)) } ?? []
        }
        let vector = row(.tokenEmbedding, Int(token))
        guard configuration.position == .learned else { return vector }
        return zip(vector, row(.positionEmbedding, position)).map(+)
    }

    private func linear(
        _ x: [Double], _ weight: ParameterName, _ bias: ParameterName?
    ) -> [Double] {
        guard let entry = layout[weight] else { return [] }
        let biases = bias.flatMap(values).map(Array.init)
        return (0..<entry.shape[0]).map { output in
            let start = entry.offset + output * x.count
            return x.indices.reduce(biases?[output] ?? 0) { $0 + parameters[start + $1] * x[$1] }
        }
    }

    private func norm(
        _ x: [Double], _ weight: ParameterName, _ bias: ParameterName
    ) -> [Double] {
        guard let scale = values(weight).map(Array.init) else { return x }
        let count = Double(x.count)
        let mean = configuration.norm == .layer ? x.reduce(0, +) / count : 0
        let normalized = normalize(x.map { $0 - mean }, scale)
        guard configuration.norm == .layer, let shift = values(bias) else { return normalized }
        return zip(normalized, shift).map(+)
    }

    private func normalize(_ x: [Double], _ scale: [Double]) -> [Double] {
        let square = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
        let deviation = (square + Double(configuration.normEpsilon)).squareRoot()
        return zip(x, scale).map { $0 / deviation * $1 }
    }

    private func attention(_ layer: Int, _ x: [[Double]]) -> [[Double]] {
        func heads(_ weight: ParameterName.Part, _ bias: ParameterName.Part) -> [[[Double]]] {
            x.map { row in
                let vector = linear(row, .layer(layer, weight), .layer(layer, bias))
                return stride(from: 0, to: vector.count, by: configuration.headSize).map {
                    Array(vector[$0..<$0 + configuration.headSize])
                }
            }
        }
        func turned(_ rows: [[[Double]]], _ normWeight: ParameterName.Part) -> [[[Double]]] {
            let scale = values(.layer(layer, normWeight)).map(Array.init)
            return rows.enumerated().map { position, heads in
                heads.map { head in
                    rotate(scale.map { normalize(head, $0) } ?? head, position)
                }
            }
        }
        let queries = turned(heads(.queryWeight, .queryBias), .queryNormWeight)
        let keys = turned(heads(.keyWeight, .keyBias), .keyNormWeight)
        let mixed = heads(.valueWeight, .valueBias)
        return x.indices.map { position in
            let attended = (0..<configuration.heads).flatMap { head in
                attend(layer, position, head, queries[position][head], keys, mixed)
            }
            return linear(
                attended, .layer(layer, .attentionOutputWeight), .layer(layer, .attentionOutputBias)
            )
        }
    }

    private func attend(
        _ layer: Int, _ position: Int, _ head: Int, _ query: [Double], _ keys: [[[Double]]],
        _ values: [[[Double]]]
    ) -> [Double] {
        let shared = head / (configuration.heads / configuration.keyValueHeads)
        let isWindowed = layer >= configuration.slidingWindowFirstLayer
        let window = isWindowed ? configuration.slidingWindow ?? .max : .max
        let scale =
            Double(configuration.attentionScale)
            / (configuration.attentionScaleByLayer ? Double(layer + 1) : 1)
        let visible = (0...position).filter { position - $0 < window }
        let scores = visible.map { key in
            zip(query, keys[key][shared]).reduce(0) { $0 + $1.0 * $1.1 } * scale
        }
        let maximum = scores.max() ?? 0
        let shares = scores.map { exp($0 - maximum) }
        let total = shares.reduce(0, +)
        return query.indices.map { channel in
            zip(visible, shares).reduce(0) { $0 + values[$1.0][shared][channel] * $1.1 } / total
        }
    }

    private func rotate(_ head: [Double], _ position: Int) -> [Double] {
        guard case .rotary(let rotary) = configuration.position else { return head }
        let half = rotary.rotatedChannels / 2
        var turned = head
        for pair in 0..<half {
            let exponent = -2 * Double(pair) / Double(rotary.rotatedChannels)
            let angle = Double(position) * scaled(pow(rotary.base, exponent), rotary.scaling)
            turned[pair] = head[pair] * cos(angle) - head[pair + half] * sin(angle)
            turned[pair + half] = head[pair + half] * cos(angle) + head[pair] * sin(angle)
        }
        return turned
    }

    /// Written from the description of Llama 3.1's scaling by wave length.
    private func scaled(
        _ frequency: Double, _ scaling: DecoderConfiguration.Rotary.Scaling
    ) -> Double {
        switch scaling {
        case .none: return frequency
        case .linear(let factor): return frequency / factor
        case .llama3(let factor, let low, let high, let original):
            let wave = 2 * Double.pi / frequency
            let (longest, shortest) = (Double(original) / low, Double(original) / high)
            if wave < shortest { return frequency }
            if wave > longest { return frequency / factor }
            let smooth = (Double(original) / wave - low) / (high - low)
            return (1 - smooth) * frequency / factor + smooth * frequency
        }
    }

    private func feedForward(_ layer: Int, _ x: [Double]) -> [Double] {
        let up = linear(x, .layer(layer, .upWeight), .layer(layer, .upBias))
        let inner: [Double]
        switch configuration.feedForward {
        case .gated(let activation):
            let gate = linear(x, .layer(layer, .gateWeight), .layer(layer, .gateBias))
            inner = zip(gate, up).map { activate(activation, $0) * $1 }
        case .plain(let activation):
            inner = up.map { activate(activation, $0) }
        }
        return linear(inner, .layer(layer, .downWeight), .layer(layer, .downBias))
    }

    private func activate(_ activation: DecoderConfiguration.Activation, _ x: Double) -> Double {
        switch activation {
        case .silu: x / (1 + exp(-x))
        case .gelu: x * 0.5 * (1 + erf(x / 2.0.squareRoot()))
        case .geluTanh:
            0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .relu: max(x, 0)
        }
    }

    private func add(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
        zip(a, b).map { zip($0, $1).map(+) }
    }
}
