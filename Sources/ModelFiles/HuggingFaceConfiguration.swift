import SpinDomain
import Transformer

/// A `config.json`, read as transformers reads it: the same defaults, the same precedence.
struct HuggingFaceConfiguration {
    let family: ModelFamily
    let decoder: DecoderConfiguration
    let fields: ConfigurationFields

    /// - Throws: `damagedFile` for impossible values; `unsupported` for a model type or an option
    ///   that would change the mathematics and is not there.
    init(_ object: JSONObject, file: String) throws {
        let fields = ConfigurationFields(object, file: file)
        self.fields = fields
        guard let type = try fields.word("model_type") else {
            throw SpinError.damaged(file, "has no 'model_type'")
        }
        guard let family = ModelFamily(rawValue: type) else {
            throw fields.unsupported("model_type", .string(type), allowed: ModelFamily.list)
        }
        self.family = family
        try HuggingFaceConfiguration.refuseUnsupportedOptions(object, fields)
        decoder =
            family == .gpt2
            ? try HuggingFaceConfiguration.gpt2(fields)
            : try HuggingFaceConfiguration.llamaLike(fields, family)
    }

    /// Options of any family that transformers would honour and this program would not.
    private static func refuseUnsupportedOptions(
        _ object: JSONObject, _ fields: ConfigurationFields
    ) throws {
        if let value = object["quantization_config"], value != .null {
            throw SpinError(
                .unsupported,
                "\(fields.file): 'quantization_config' is set, which is not supported",
                hint: "supported: unquantised F32, F16, BF16 or F64 weights, or a GGUF file")
        }
        let neutral: [(key: String, value: Bool)] = [
            ("is_encoder_decoder", false), ("add_cross_attention", false), ("is_causal", true),
        ]
        for (key, expected) in neutral
        where try fields.flag(key, absent: expected) != expected {
            throw fields.unsupported(key, .bool(!expected), allowed: "\(expected)")
        }
        if let heads = fields.lookUp("pruned_heads"), heads != .object(JSONObject()),
            heads != .array([])
        {
            throw fields.unsupported("pruned_heads", heads, allowed: "none")
        }
    }

    private static func llamaLike(
        _ fields: ConfigurationFields, _ family: ModelFamily
    ) throws -> DecoderConfiguration {
        let channels = try fields.integer("hidden_size", ModelLimits.channels)
        let heads = try fields.integer("num_attention_heads", ModelLimits.heads)
        let layers = try fields.integer("num_hidden_layers", ModelLimits.layers)
        let context = try fields.integer("max_position_embeddings", ModelLimits.contextLength)
        let headSize = try headSize(fields, family, channels: channels, heads: heads)
        let hasAttentionBias =
            family == .llama || family == .qwen3
            ? try fields.flag("attention_bias", absent: false) : false
        let window = try SlidingWindow(fields, family, layers: layers, contextLength: context)
        return DecoderConfiguration(
            vocabularySize: try fields.integer("vocab_size", ModelLimits.vocabulary),
            contextLength: context, channels: channels, layers: layers, heads: heads,
            keyValueHeads: try keyValueHeads(fields, family, heads: heads), headSize: headSize,
            feedForwardChannels: try fields.integer(
                "intermediate_size", ModelLimits.feedForwardChannels),
            norm: .rootMeanSquare, normEpsilon: try fields.epsilon("rms_norm_eps", absent: 1e-6),
            position: .rotary(
                try RotaryReader(fields).rotary(headSize: headSize, contextLength: context)),
            feedForward: .gated(try activation(fields, "hidden_act", absent: "silu")),
            queryKeyValueBias: family == .qwen2 || hasAttentionBias,
            attentionOutputBias: hasAttentionBias,
            feedForwardBias: family == .llama ? try fields.flag("mlp_bias", absent: false) : false,
            tiedEmbeddings: try fields.flag("tie_word_embeddings", absent: false),
            slidingWindow: window.size, slidingWindowFirstLayer: window.firstLayer,
            queryKeyNorm: family == .qwen3)
    }

    private static func headSize(
        _ fields: ConfigurationFields, _ family: ModelFamily, channels: Int, heads: Int
    ) throws -> Int {
        // Qwen3 alone has a default that does not follow from the other sizes.
        let absent = family == .qwen3 ? 128 : channels / heads
        guard let size = try fields.optionalInteger("head_dim", ModelLimits.headSize) else {
            guard family == .qwen3 || channels % heads == 0 else {
                throw SpinError.damaged(
                    fields.file,
                    "'hidden_size' \(channels) is not a multiple of 'num_attention_heads' \(heads)")
            }
            return absent
        }
        return size
    }

    private static func keyValueHeads(
        _ fields: ConfigurationFields, _ family: ModelFamily, heads: Int
    ) throws -> Int {
        // Of an absent key; `null` is as many as `num_attention_heads` in every family.
        let defaults: [ModelFamily: Int] = [.mistral: 8, .qwen2: 32, .qwen3: 32]
        let key = "num_key_value_heads"
        let absent = fields.object[key] == .null ? heads : defaults[family] ?? heads
        let count = try fields.integer(key, ModelLimits.heads, absent: absent)
        guard heads % count == 0 else {
            throw SpinError.damaged(
                fields.file,
                "'num_attention_heads' \(heads) is not a multiple of '\(key)' \(count)"
            )
        }
        return count
    }

    private static func gpt2(_ fields: ConfigurationFields) throws -> DecoderConfiguration {
        let channels = try fields.integer("n_embd", ModelLimits.channels)
        let heads = try fields.integer("n_head", ModelLimits.heads)
        guard channels % heads == 0 else {
            throw SpinError.damaged(
                fields.file, "'n_embd' \(channels) is not a multiple of 'n_head' \(heads)")
        }
        let isScaled = try fields.flag("scale_attn_weights", absent: true)
        return DecoderConfiguration(
            vocabularySize: try fields.integer("vocab_size", ModelLimits.vocabulary),
            contextLength: try fields.integer("n_positions", ModelLimits.contextLength),
            channels: channels, layers: try fields.integer("n_layer", ModelLimits.layers),
            heads: heads, keyValueHeads: heads, headSize: channels / heads,
            feedForwardChannels: try fields.integer(
                "n_inner", ModelLimits.feedForwardChannels, absent: 4 * channels),
            norm: .layer, normEpsilon: try fields.epsilon("layer_norm_epsilon", absent: 1e-5),
            position: .learned,
            feedForward: .plain(try activation(fields, "activation_function", absent: "gelu_new")),
            queryKeyValueBias: true, attentionOutputBias: true, feedForwardBias: true,
            tiedEmbeddings: try fields.flag("tie_word_embeddings", absent: true),
            attentionScale: isScaled ? nil : 1,
            attentionScaleByLayer: try fields.flag(
                "scale_attn_by_inverse_layer_idx", absent: false))
    }

    private static func activation(
        _ fields: ConfigurationFields, _ key: String, absent: String
    ) throws -> DecoderConfiguration.Activation {
        let word = try fields.word(key) ?? absent
        switch word {
        case "silu", "swish": return .silu
        case "gelu", "gelu_python": return .gelu
        case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate", "gelu_python_tanh":
            return .geluTanh
        case "relu": return .relu
        default:
            throw fields.unsupported(
                key, .string(word), allowed: "silu, gelu, gelu_new, gelu_pytorch_tanh, relu")
        }
    }

    /// The object that goes into checkpoints.
    func checkpointObject() -> JSONObject {
        var object = fields.object
        // Older transformers read `torch_dtype`, newer ones `dtype`, and either is kept in step.
        if object["torch_dtype"] != nil { object["torch_dtype"] = .string("float32") }
        object["dtype"] = .string("float32")
        return object
    }
}
