import Tensors
import Testing
import Transformer

/// A small decoder that differs from its neighbours in what it is named after.
struct Variant: Sendable, CustomTestStringConvertible {
    let name: String
    let configuration: DecoderConfiguration

    var testDescription: String { name }

    private init(_ name: String, _ change: (inout DecoderConfiguration) -> Void = { _ in }) {
        // Vocabulary, head size and channels fill no vector; two query heads share a key head.
        var configuration = DecoderConfiguration(
            vocabularySize: 37, contextLength: 160, channels: 24, layers: 2, heads: 4,
            keyValueHeads: 2, headSize: 6, feedForwardChannels: 20, norm: .rootMeanSquare,
            normEpsilon: 1e-5, position: .rotary(.init(base: 10_000, rotatedChannels: 6)),
            feedForward: .gated(.silu), tiedEmbeddings: true)
        change(&configuration)
        self.name = name
        self.configuration = configuration
    }

    static let llama = Variant("llama")

    static let all: [Variant] = [
        llama,
        Variant("gpt2") {
            $0.norm = .layer
            $0.position = .learned
            $0.feedForward = .plain(.geluTanh)
            $0.queryKeyValueBias = true
            $0.attentionOutputBias = true
            $0.feedForwardBias = true
            $0.keyValueHeads = 4
        },
        Variant("gpt2 with scaled layers") {
            $0.norm = .layer
            $0.position = .learned
            $0.feedForward = .plain(.gelu)
            $0.attentionScaleByLayer = true
        },
        Variant("qwen2") {
            $0.queryKeyValueBias = true
            $0.tiedEmbeddings = false
        },
        Variant("qwen3") {
            $0.queryKeyNorm = true
            $0.headSize = 10
            $0.position = .rotary(.init(base: 1_000_000, rotatedChannels: 10))
        },
        Variant("sliding window") { $0.slidingWindow = 5 },
        Variant("sliding window from the second layer") {
            $0.slidingWindow = 3
            $0.slidingWindowFirstLayer = 1
        },
        Variant("partial rotary") {
            $0.headSize = 7
            $0.position = .rotary(.init(base: 10_000, rotatedChannels: 4))
        },
        Variant("linear scaling") {
            $0.position = .rotary(
                .init(base: 10_000, scaling: .linear(factor: 4), rotatedChannels: 6))
        },
        Variant("llama3 scaling") {
            $0.headSize = 16
            let scaling = DecoderConfiguration.Rotary.Scaling.llama3(
                factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4,
                originalContextLength: 64)
            $0.position = .rotary(.init(base: 10_000, scaling: scaling, rotatedChannels: 16))
        },
        Variant("one key head, gated with biases") {
            $0.keyValueHeads = 1
            $0.feedForwardBias = true
            $0.attentionOutputBias = true
            $0.feedForward = .gated(.geluTanh)
        },
        Variant("relu, scaled scores and logits") {
            $0.feedForward = .plain(.relu)
            $0.attentionScale = 0.3
            $0.logitScale = 0.4
            $0.headSize = 19
            $0.position = .rotary(.init(base: 10_000, rotatedChannels: 18))
        },
        Variant("heads of 64") {
            $0.headSize = 64
            $0.position = .rotary(.init(base: 10_000, rotatedChannels: 64))
        },
        Variant("a vocabulary of several blocks") { $0.vocabularySize = 4608 + 100 },
    ]

    /// Weights of a size that makes every part of the model matter.
    func weights(seed: UInt64 = 1) -> ParameterArena {
        let arena = ParameterArena(ParameterLayout(configuration))
        var random = SplitMix(state: seed)
        for entry in arena.layout.entries {
            let isVector = entry.shape.count == 1
            for index in entry.offset..<entry.offset + entry.count {
                let value = random.symmetric() * (isVector ? 0.2 : 0.5)
                arena.buffer.pointer[index] = value + (entry.isScale ? 1 : 0)
            }
        }
        return arena
    }

    func decoder(width: Int = 2) -> Decoder {
        Decoder(
            configuration: configuration, weights: weights(), pool: WorkerPool(width: width))
    }
}

extension ParameterLayout.Entry {
    /// A norm's weight, which is around 1.
    fileprivate var isScale: Bool {
        switch name {
        case .finalNormWeight: true
        case .layer(_, let part):
            [.attentionNormWeight, .feedForwardNormWeight, .queryNormWeight, .keyNormWeight]
                .contains(part)
        default: false
        }
    }
}

/// A small generator with a seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in −1 … 1.
    mutating func symmetric() -> Float { Float.random(in: -1...1, using: &self) }

    mutating func tokens(_ count: Int, below vocabulary: Int) -> [Int32] {
        (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &self) }
    }
}
