import SpinDomain
import Transformer

/// The decoder that a GGUF file's metadata and tensor names describe.
struct GGUFConfiguration {
    static let architectures: [String: ModelFamily] = [
        "llama": .llama, "qwen2": .qwen2, "qwen3": .qwen3,
    ]

    let family: ModelFamily
    let decoder: DecoderConfiguration
    private let file: GGUFFile
    private let fields: ConfigurationFields

    /// - Throws: `damagedFile` for impossible values; `unsupported` architecture or option.
    init(_ file: GGUFFile) throws {
        self.file = file
        guard let architecture = file.metadata["general.architecture"]?.string else {
            throw SpinError.damaged(file.name, "has no 'general.architecture'")
        }
        fields = ConfigurationFields(
            file.metadata, prefix: architecture + ".", file: "\(file.name), \(architecture)")
        guard let family = GGUFConfiguration.architectures[architecture] else {
            let known = GGUFConfiguration.architectures.keys.sorted().joined(separator: ", ")
            throw SpinError(
                .unsupported, "\(file.name): the architecture '\(architecture)' is not supported",
                hint: "supported: \(known)")
        }
        self.family = family
        try GGUFConfiguration.refuseUnsupportedOptions(file, fields)
        decoder = try GGUFConfiguration.decoder(file, fields, family)
    }

    private static func refuseUnsupportedOptions(
        _ file: GGUFFile, _ fields: ConfigurationFields
    ) throws {
        if let parts = file.metadata["split.count"]?.integer, parts > 1 {
            throw SpinError(
                .unsupported, "\(file.name) is one of \(parts) parts",
                hint: "join them with llama.cpp's gguf-split --merge")
        }
        // Each would change the mathematics unless it has its neutral value.
        let neutral: [(key: String, value: Double)] = [
            ("expert_count", 0), ("attention.scale", 0), ("attention.clamp_kqv", 0),
            ("attention.max_alibi_bias", 0), ("attention.sliding_window", 0), ("logit_scale", 0),
            ("embedding_scale", 0), ("residual_scale", 0),
        ]
        for (key, expected) in neutral {
            guard let value = fields.lookUp(key), value.double != expected else { continue }
            throw fields.unsupported(key, value, allowed: "none")
        }
        for (key, expected) in [("attention.causal", true), ("use_parallel_residual", false)]
        where try fields.flag(key, absent: expected) != expected {
            throw fields.unsupported(key, .bool(!expected), allowed: "\(expected)")
        }
    }

    private static func decoder(
        _ file: GGUFFile, _ fields: ConfigurationFields, _ family: ModelFamily
    ) throws -> DecoderConfiguration {
        guard let embedding = file["token_embd.weight"], embedding.shape.count == 2,
            ModelLimits.vocabulary.contains(embedding.shape[0])
        else { throw SpinError.damaged(file.name, "has no tensor 'token_embd.weight' of two axes") }
        let channels = try fields.integer("embedding_length", ModelLimits.channels)
        let heads = try fields.integer("attention.head_count", ModelLimits.heads)
        let keyValueHeads = try fields.integer(
            "attention.head_count_kv", ModelLimits.heads, absent: heads)
        guard heads % keyValueHeads == 0 else {
            throw SpinError.damaged(
                file.name, "\(heads) heads are not a multiple of \(keyValueHeads) key/value heads")
        }
        let headSize = try headSize(fields, channels: channels, heads: heads)
        // transformers has one switch for the biases of all attention matrices of Llama and
        // Qwen3, and one for the feed-forward part; a file with only some of them is refused
        // later, for the tensors that are missing.
        let hasAttentionBias = family != .qwen2 && file["blk.0.attn_q.bias"] != nil
        return DecoderConfiguration(
            vocabularySize: embedding.shape[0],
            contextLength: try fields.integer("context_length", ModelLimits.contextLength),
            channels: channels, layers: try fields.integer("block_count", ModelLimits.layers),
            heads: heads, keyValueHeads: keyValueHeads, headSize: headSize,
            feedForwardChannels: try fields.integer(
                "feed_forward_length", ModelLimits.feedForwardChannels),
            norm: .rootMeanSquare,
            normEpsilon: try fields.epsilon("attention.layer_norm_rms_epsilon"),
            position: .rotary(try rotary(file, fields, headSize: headSize)),
            feedForward: .gated(.silu),
            queryKeyValueBias: family == .qwen2 || hasAttentionBias,
            attentionOutputBias: hasAttentionBias,
            feedForwardBias: family == .llama && file["blk.0.ffn_up.bias"] != nil,
            tiedEmbeddings: file["output.weight"] == nil, queryKeyNorm: family == .qwen3)
    }

    private static func headSize(
        _ fields: ConfigurationFields, channels: Int, heads: Int
    ) throws -> Int {
        let absent = channels % heads == 0 ? channels / heads : nil
        let size = try fields.integer("attention.key_length", ModelLimits.headSize, absent: absent)
        let value = try fields.integer(
            "attention.value_length", ModelLimits.headSize, absent: size)
        let rotated = try fields.integer("rope.dimension_count", ModelLimits.headSize, absent: size)
        guard value == size else {
            throw fields.unsupported("attention.value_length", .integer(value), allowed: "\(size)")
        }
        guard rotated == size else {
            throw fields.unsupported("rope.dimension_count", .integer(rotated), allowed: "\(size)")
        }
        guard size % 2 == 0 else {
            throw SpinError.damaged(
                fields.file, "heads of \(size) channels cannot be rotated in pairs")
        }
        return size
    }

    private static func rotary(
        _ file: GGUFFile, _ fields: ConfigurationFields, headSize: Int
    ) throws -> DecoderConfiguration.Rotary {
        let base = try fields.positive("rope.freq_base", absent: 10_000)
        var scaling = try scaling(fields)
        if let tensor = file["rope_freqs.weight"] {
            guard scaling == .none else {
                throw SpinError(
                    .unsupported, "\(file.name) has both rope.scaling and rope_freqs.weight",
                    hint: "supported: one of them")
            }
            scaling = try RotaryFactors(tensor, headSize: headSize).scaling(base: base)
        }
        return DecoderConfiguration.Rotary(base: base, scaling: scaling, rotatedChannels: headSize)
    }

    private static func scaling(
        _ fields: ConfigurationFields
    ) throws -> DecoderConfiguration.Rotary.Scaling {
        let type = try fields.word("rope.scaling.type")
        // Files of 2023 have only the factor, under another key.
        let old = try fields.positive("rope.scale_linear", absent: 1)
        switch type {
        case "none": return .none
        case nil: return old == 1 ? .none : .linear(factor: old)
        case "linear":
            let factor = try fields.positive("rope.scaling.factor", absent: old)
            return factor == 1 ? .none : .linear(factor: factor)
        case let type?:
            throw fields.unsupported("rope.scaling.type", .string(type), allowed: "none, linear")
        }
    }

    /// The object that goes into checkpoints; its rotary keys are those that transformers 4 and
    /// 5 both read.
    func checkpointObject(_ tokenizer: GGUFTokenizerFields?) -> JSONObject {
        let tokens = tokenizer.map { TokenRoles($0, vocabularySize: decoder.vocabularySize) }
        func id(_ id: Int32?) -> JSONValue { id.map { .integer(Int($0)) } ?? .null }
        var object: JSONObject = [
            "architectures": .array([.string(family.architecture)]),
            "bos_token_id": id(tokens?.begin), "dtype": .string("float32"),
            "eos_token_id": TokenRoles.json(tokens?.ends ?? []),
            "head_dim": .integer(decoder.headSize), "hidden_act": .string("silu"),
            "hidden_size": .integer(decoder.channels),
            "intermediate_size": .integer(decoder.feedForwardChannels),
            "max_position_embeddings": .integer(decoder.contextLength),
            "model_type": .string(family.rawValue),
            "num_attention_heads": .integer(decoder.heads),
            "num_hidden_layers": .integer(decoder.layers),
            "num_key_value_heads": .integer(decoder.keyValueHeads),
            "pad_token_id": id(tokens?.pad),
            // By the float's own digits: 1e-05, not 9.999999747378752e-06.
            "rms_norm_eps": .number(
                Double("\(decoder.normEpsilon)") ?? Double(decoder.normEpsilon)),
            "tie_word_embeddings": .bool(decoder.tiedEmbeddings),
            "torch_dtype": .string("float32"),
            "vocab_size": .integer(decoder.vocabularySize),
        ]
        if family != .qwen2 { object["attention_bias"] = .bool(decoder.attentionOutputBias) }
        if family == .llama { object["mlp_bias"] = .bool(decoder.feedForwardBias) }
        if case .rotary(let rotary) = decoder.position {
            object["rope_theta"] = .number(rotary.base)
            object["rope_scaling"] = rotary.scaling.huggingFaceObject
        }
        return object
    }
}

extension DecoderConfiguration.Rotary.Scaling {
    /// The value of `rope_scaling`.
    fileprivate var huggingFaceObject: JSONValue {
        switch self {
        case .none: .null
        case .linear(let factor):
            .object(["rope_type": .string("linear"), "factor": .number(factor)])
        case .llama3(let factor, let low, let high, let original):
            .object([
                "rope_type": .string("llama3"), "factor": .number(factor),
                "low_freq_factor": .number(low), "high_freq_factor": .number(high),
                "original_max_position_embeddings": .integer(original),
            ])
        }
    }
}
