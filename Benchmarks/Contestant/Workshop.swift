import SelfPlay
import SpinDomain
import Tensors
import Transformer

/// All layers of one shape, ready to be measured.
///
/// Trials are made one group at a time, so that only one group's memory is taken.
struct Workshop {
    private static let linearRows = [1, 4, 16, 64, 256, 1024]
    private static let packedSequences = (count: 8, length: 256)
    private static let cachedSequences = (count: 64, context: 300)
    private static let normRows = 16384
    private static let headRows = 512
    private static let decodingRows = 64

    let makers: [() -> [LayerTrial]]

    init(_ configuration: DecoderConfiguration, pool: WorkerPool) {
        let weights = ParameterArena(ParameterLayout(configuration))
        weights.fillForTrials(using: pool)
        let gradients = ParameterArena(weights.layout)
        let decoder = Decoder(configuration: configuration, weights: weights, pool: pool)
        let layers = LayerTrials(decoder: decoder, gradients: gradients)
        makers =
            Self.linearRows.map { rows in { [layers.inferenceLinear(rows: rows)] } } + [
                { [layers.linear(rows: 1024), layers.linearBackward(rows: 1024)] },
                {
                    layers.attention(
                        sequences: Self.packedSequences.count, length: Self.packedSequences.length)
                },
                {
                    [
                        layers.cachedAttention(
                            sequences: Self.cachedSequences.count,
                            context: Self.cachedSequences.context)
                    ]
                },
                { layers.norms(rows: Self.normRows) },
                { layers.head(rows: Self.headRows) },
                { [layers.logits(rows: Self.decodingRows)] },
                { [Self.optimizer(decoder, gradients)] },
                { Self.samplers(decoder) },
            ]
    }

    /// AdamW reads weights, gradients and both moments, and writes all but the gradients.
    private static func optimizer(_ decoder: Decoder, _ gradients: ParameterArena) -> LayerTrial {
        let optimizer = Optimizer(
            OptimizerOptions(), layout: decoder.weights.layout, pool: decoder.pool)
        let floats = decoder.weights.layout.count
        return LayerTrial(
            "optimizer", rows: 1, bytes: Double(7 * floats * MemoryLayout<Float>.size)
        ) {
            optimizer.update(
                decoder.weights, gradients: gradients, learningRate: 1e-9, gradientScale: 1)
        }
    }

    /// One draw from each of many rows of logits, which are read once at least.
    private static func samplers(_ decoder: Decoder) -> [LayerTrial] {
        var nucleus = SamplingOptions()
        nucleus.topP = 0.9
        var few = SamplingOptions()
        few.topK = 50
        return [
            sampler("sampler", SamplingOptions(), decoder),
            sampler("sampler, top-p 0.9", nucleus, decoder),
            sampler("sampler, top-k 50", few, decoder),
        ]
    }

    private static func sampler(
        _ name: String, _ options: SamplingOptions, _ decoder: Decoder
    ) -> LayerTrial {
        let vocabulary = decoder.configuration.vocabularySize
        let rows = decodingRows
        let sampler = Sampler(options, minLength: 0, stopTokens: [], vocabularySize: vocabulary)
        let random = CounterRandom(seed: 1, stream: (0, 0, 0))
        let logits = FloatBuffer(count: rows * vocabulary)
        for index in 0..<logits.count {
            logits.pointer[index] = Float(3 * random.normal(at: UInt32(index % 65521)))
        }
        let scratch = FloatBuffer(count: vocabulary * decoder.pool.width)
        return LayerTrial(
            name, rows: rows, bytes: Double(logits.count * MemoryLayout<Float>.size)
        ) {
            decoder.pool.split(rows) { worker, range in
                for row in range {
                    _ = sampler.draw(
                        logits.pointer + row * vocabulary, position: row, seen: [],
                        random: random, scratch: scratch.pointer + worker * vocabulary)
                }
            }
        }
    }
}
