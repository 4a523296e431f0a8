import Foundation
import ModelFiles
import SpinDomain
import Testing
import Transformer

@Suite struct GGUFModelTests {
    private enum Value {
        case integer(UInt32)
        case float(Float)
        case flag(Bool)
        case text(String)
        case texts([String])

        var bytes: (type: UInt32, bytes: [UInt8]) {
            var builder = ByteBuilder()
            switch self {
            case .integer(let value): builder.put(value)
            case .float(let value): builder.put(value.bitPattern)
            case .flag(let value): builder.put(UInt8(value ? 1 : 0))
            case .text(let value): builder.put(value)
            case .texts(let values):
                builder.put(UInt32(8))
                builder.put(UInt64(values.count))
                for value in values { builder.put(value) }
            }
            return (type, builder.bytes)
        }

        private var type: UInt32 {
            switch self {
            case .integer: 4
            case .float: 6
            case .flag: 7
            case .text: 8
            case .texts: 9
            }
        }
    }

    /// One layer, 8 channels, 2 heads of 4 that share one key/value head, 6 tokens.
    private static let metadata: [String: Value] = [
        "general.architecture": .text("llama"), "llama.context_length": .integer(16),
        "llama.embedding_length": .integer(8), "llama.block_count": .integer(1),
        "llama.feed_forward_length": .integer(12), "llama.attention.head_count": .integer(2),
        "llama.attention.head_count_kv": .integer(1),
        "llama.attention.layer_norm_rms_epsilon": .float(1e-5),
    ]

    /// Axes as GGUF has them: the contiguous one first.
    private static let tensors: [String: [UInt64]] = [
        "token_embd.weight": [8, 6], "output_norm.weight": [8], "blk.0.attn_norm.weight": [8],
        "blk.0.attn_q.weight": [8, 8], "blk.0.attn_k.weight": [8, 4],
        "blk.0.attn_v.weight": [8, 4], "blk.0.attn_output.weight": [8, 8],
        "blk.0.ffn_norm.weight": [8], "blk.0.ffn_gate.weight": [8, 12],
        "blk.0.ffn_up.weight": [8, 12], "blk.0.ffn_down.weight": [12, 8],
    ]

    /// Describes that model after changes; nil takes a key or tensor away.
    private func describe(
        _ changes: [String: Value?] = [:], tensors tensorChanges: [String: [UInt64]?] = [:],
        values: [String: [Float]] = [:]
    ) throws -> ModelDescription {
        var metadata = Self.metadata
        for (key, value) in changes { metadata[key] = value }
        var tensors = Self.tensors
        for (name, axes) in tensorChanges { tensors[name] = axes }
        var builder = GGUFBuilder()
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            builder.metadata.append(GGUFBuilder.entry(key, value.bytes.type, value.bytes.bytes))
        }
        var offsets: [String: Int] = [:]
        for (name, axes) in tensors.sorted(by: { $0.key < $1.key }) {
            offsets[name] = builder.dataBytes
            builder.tensors.append(
                GGUFBuilder.tensor(name, axes: axes, offset: UInt64(builder.dataBytes)))
            builder.dataBytes += (Int(axes.reduce(4, *)) + 31) / 32 * 32
        }
        var bytes = builder.bytes
        for (name, floats) in values {
            let start = bytes.count - builder.dataBytes + (try #require(offsets[name]))
            var data = ByteBuilder()
            for float in floats { data.put(float.bitPattern) }
            bytes.replaceSubrange(start..<start + data.bytes.count, with: data.bytes)
        }
        let folder = try TemporaryFolder()
        return try ModelReader.describe(try folder.write("x.gguf", bytes))
    }

    @Test func theSmallModelIsRead() throws {
        #expect(
            try describe().configuration
                == DecoderConfiguration(
                    vocabularySize: 6, contextLength: 16, channels: 8, layers: 1, heads: 2,
                    keyValueHeads: 1, headSize: 4, feedForwardChannels: 12,
                    norm: .rootMeanSquare, normEpsilon: 1e-5,
                    position: .rotary(.init(base: 10_000, rotatedChannels: 4)),
                    feedForward: .gated(.silu), tiedEmbeddings: true))
    }

    @Test func anOutputMatrixUntiesTheHead() throws {
        #expect(
            !(try describe(tensors: ["output.weight": [8, 6]]).configuration.tiedEmbeddings))
    }

    @Test func theOldKeyOfLinearScalingIsRead() throws {
        #expect(
            try describe(["llama.rope.scale_linear": .float(2)]).configuration.position
                == .rotary(
                    .init(base: 10_000, scaling: .linear(factor: 2), rotatedChannels: 4)))
    }

    private static let unsupported: [(String, Value)] = [
        ("general.architecture", .text("mamba")), ("split.count", .integer(2)),
        ("llama.expert_count", .integer(8)), ("llama.attention.sliding_window", .integer(4)),
        ("llama.attention.causal", .flag(false)), ("llama.logit_scale", .float(0.5)),
        ("llama.rope.scaling.type", .text("yarn")), ("llama.rope.dimension_count", .integer(2)),
        ("llama.attention.value_length", .integer(8)),
    ]

    @Test(arguments: unsupported.indices)
    func refusesWhatItCannotCompute(_ index: Int) throws {
        let (key, value) = Self.unsupported[index]
        let error = #expect(throws: SpinError.self, "\(key)") { try describe([key: value]) }
        #expect(error?.code == .unsupported)
        #expect(error?.hint?.isEmpty == false)
    }

    private static let impossible: [(String, Value?)] =
        metadata.keys.filter { !$0.contains("head_count_kv") }.sorted().map { ($0, nil) } + [
            ("general.architecture", .integer(1)), ("llama.block_count", .integer(0)),
            ("llama.block_count", .integer(2)), ("llama.block_count", .integer(.max)),
            ("llama.block_count", .text("1")), ("llama.embedding_length", .integer(16)),
            ("llama.attention.head_count", .integer(3)),
            ("llama.attention.head_count", .integer(8)),
            ("llama.attention.head_count_kv", .integer(2)),
            ("llama.attention.key_length", .integer(8)),
            ("llama.attention.layer_norm_rms_epsilon", .float(.nan)),
            ("llama.rope.freq_base", .float(-1)), ("llama.rope.freq_base", .float(.infinity)),
            ("llama.rope.scaling.type", .integer(1)), ("tokenizer.ggml.model", .integer(1)),
            ("tokenizer.chat_template", .integer(1)), ("tokenizer.ggml.tokens", .text("a")),
            ("tokenizer.ggml.merges", .integer(1)), ("tokenizer.ggml.bos_token_id", .text("1")),
        ]

    @Test(arguments: impossible.indices)
    func refusesImpossibleMetadata(_ index: Int) throws {
        let (key, value) = Self.impossible[index]
        var changes: [String: Value?] = ["tokenizer.ggml.model": .text("gpt2")]
        changes[key] = .some(value)
        let error = #expect(throws: SpinError.self, "\(key)") { try describe(changes) }
        #expect(error?.code == .damagedFile)
    }

    @Test(arguments: tensors.keys.sorted())
    func aMissingOrMisshapenTensorIsNamed(_ name: String) throws {
        // No tensor of the model has one of these shapes.
        for axes: [UInt64]? in [nil, [3], [9, 9], [8, 4, 1]] {
            let error = #expect(throws: SpinError.self) {
                try describe(tensors: [name: axes])
            }
            #expect(error?.code == .damagedFile)
            #expect(error?.message.contains(name) == true)
        }
    }

    @Test func anExtraTensorIsNamed() throws {
        for name in ["blk.1.attn_q.weight", "blk.0.attn_output.bias", "blk.0.attn_q.bias"] {
            let error = #expect(throws: SpinError.self) {
                try describe(tensors: [name: [8]])
            }
            #expect(error?.code == .damagedFile)
        }
    }

    @Test func moreTokensThanEmbeddingsAreRefused() throws {
        func describe(tokens: Int) throws -> ModelDescription {
            try self.describe([
                "tokenizer.ggml.model": .text("gpt2"),
                "tokenizer.ggml.tokens": .texts((0..<tokens).map { "t\($0)" }),
            ])
        }
        #expect(try describe(tokens: 5).ggufTokenizer?.tokens.count == 5)
        #expect(throws: SpinError.self) { try describe(tokens: 7) }
    }

    /// Waves of 6 and 63,000 positions: Llama 3.1's rule leaves the first and stretches the second.
    private func scaling(
        factors: [Float], changes: [String: Value?] = [:]
    ) throws -> DecoderConfiguration.Rotary.Scaling? {
        let base: [String: Value?] = ["llama.rope.freq_base": .float(1e8)]
        let description = try describe(
            base.merging(changes) { $1 },
            tensors: ["rope_freqs.weight": [UInt64(factors.count)]],
            values: ["rope_freqs.weight": factors])
        guard case .rotary(let rotary) = description.configuration.position else { return nil }
        return rotary.scaling
    }

    @Test func rotaryFactorsBecomeTheScalingTheyCameFrom() throws {
        #expect(try scaling(factors: [1, 1]) == DecoderConfiguration.Rotary.Scaling.none)
        #expect(
            try scaling(factors: [1, 32])
                == .llama3(
                    factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4,
                    originalContextLength: 8192))
    }

    @Test func otherRotaryFactorsAreRefused() throws {
        func code(
            _ factors: [Float], _ changes: [String: Value?] = [:]
        ) -> SpinError.Code? {
            let error = #expect(throws: SpinError.self) {
                try scaling(factors: factors, changes: changes)
            }
            return error?.code
        }
        #expect(code([2, 32]) == .unsupported)
        #expect(code([1, 8], ["llama.rope.scale_linear": .float(2)]) == .unsupported)
        #expect(code([1, .nan]) == .damagedFile)
        #expect(code([1, 8, 8]) == .damagedFile)
    }
}
