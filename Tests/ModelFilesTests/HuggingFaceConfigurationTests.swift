import Foundation
import ModelFiles
import SpinDomain
import Testing
import Transformer

@Suite struct HuggingFaceConfigurationTests {
    private func describe(
        _ fixture: String, _ changes: [String: JSONValue?]
    ) throws -> DecoderConfiguration {
        let folder = try TemporaryFolder(copyOf: fixture)
        try folder.configure(changes)
        return try ModelReader.describe(folder.url).configuration
    }

    /// Fixture, key, value: well-formed settings that would change the mathematics.
    static let unsupported: [(String, String, JSONValue)] = [
        ("qwen3", "model_type", .string("mamba")), ("qwen3", "model_type", .string("LLAMA")),
        ("qwen3", "hidden_act", .string("quick_gelu")),
        ("gpt2", "activation_function", .string("tanh")),
        ("qwen3", "quantization_config", .object(["bits": .integer(4)])),
        ("qwen3", "partial_rotary_factor", .number(0.5)),
        ("qwen3", "rope_parameters", .object(["rope_type": .string("yarn")])),
        ("llama-bfloat16", "rope_scaling", .object(["type": .string("dynamic")])),
        ("qwen3", "rope_parameters", .object(["full_attention": .object(JSONObject())])),
        ("gpt2", "add_cross_attention", .bool(true)),
        ("gpt2", "pruned_heads", .object(["0": .array([.integer(1)])])),
        ("qwen3", "is_causal", .bool(false)), ("qwen3", "is_encoder_decoder", .bool(true)),
        (
            "qwen2", "layer_types",
            .array([.string("sliding_attention"), .string("full_attention")])
        ),
    ]

    @Test(arguments: unsupported)
    func refusesWithTheKeyAndWhatIsAllowed(
        _ fixture: String, _ key: String, _ value: JSONValue
    ) throws {
        let error = #expect(throws: SpinError.self) { try describe(fixture, [key: value]) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(key) == true)
        #expect(error?.hint?.hasPrefix("supported: ") == true)
    }

    /// Fixture, key, value (nil: without the key): values that no model can have.
    static let impossible: [(String, String, JSONValue?)] = [
        ("qwen3", "model_type", nil), ("qwen3", "model_type", .integer(3)),
        ("qwen3", "vocab_size", nil), ("qwen3", "vocab_size", .integer(0)),
        ("qwen3", "vocab_size", .integer(-40)), ("qwen3", "vocab_size", .number(1.5)),
        ("qwen3", "vocab_size", .string("40")), ("qwen3", "vocab_size", .integer(41)),
        ("qwen3", "vocab_size", .number(99_999_999_999_999_999_999)),
        ("qwen3", "vocab_size", .integer(1 << 40)), ("qwen3", "hidden_size", .integer(.max)),
        ("qwen3", "hidden_size", .integer(25)), ("qwen2", "hidden_size", .integer(34)),
        ("qwen3", "num_hidden_layers", .integer(0)), ("qwen3", "num_hidden_layers", .integer(3)),
        ("qwen3", "num_hidden_layers", .integer(1)), ("qwen3", "num_hidden_layers", .integer(1000)),
        ("qwen3", "num_hidden_layers", .integer(1_000_000_000)),
        ("qwen3", "num_attention_heads", .integer(0)),
        ("qwen3", "num_attention_heads", .integer(3)),
        ("qwen3", "num_key_value_heads", .integer(3)),
        ("qwen3", "num_key_value_heads", .integer(4)),
        ("qwen3", "num_key_value_heads", .integer(-2)), ("qwen3", "head_dim", .integer(7)),
        ("qwen3", "head_dim", .integer(16)), ("qwen3", "head_dim", .integer(1 << 33)),
        ("qwen3", "intermediate_size", .integer(21)), ("qwen3", "intermediate_size", nil),
        ("qwen3", "max_position_embeddings", .integer(0)),
        ("qwen3", "max_position_embeddings", .string("long")),
        ("gpt2", "n_positions", .integer(17)), ("gpt2", "n_head", .integer(5)),
        ("gpt2", "n_inner", .integer(21)), ("gpt2", "scale_attn_weights", .integer(1)),
        ("qwen3", "rms_norm_eps", .integer(0)), ("qwen3", "rms_norm_eps", .number(-1e-5)),
        ("qwen3", "rms_norm_eps", .number(1e-50)), ("qwen3", "rms_norm_eps", .bool(true)),
        ("qwen3", "hidden_act", .integer(1)), ("qwen3", "tie_word_embeddings", .string("yes")),
        ("qwen3", "tie_word_embeddings", .bool(false)), ("qwen3", "eos_token_id", .string("</s>")),
        ("qwen3", "attention_bias", .bool(true)), ("qwen3", "rope_parameters", .integer(1)),
        ("llama-bfloat16", "rope_theta", .integer(0)),
        ("llama-bfloat16", "rope_theta", .integer(-1)),
        ("llama-bfloat16", "rope_scaling", .object(["type": .string("linear")])),
        (
            "llama-bfloat16", "rope_scaling",
            .object(["type": .string("linear"), "factor": .integer(-2)])
        ),
        (
            "llama-sharded", "rope_parameters",
            .object([
                "rope_type": .string("llama3"), "factor": .integer(8),
                "low_freq_factor": .integer(4),
                "high_freq_factor": .integer(4),
            ])
        ),
        ("mistral-float16", "sliding_window", .integer(0)),
        ("qwen2", "layer_types", .array([.string("full_attention")])),
        ("qwen2", "layer_types", .string("full_attention")),
    ]

    @Test(arguments: impossible)
    func refusesImpossibleValues(_ fixture: String, _ key: String, _ value: JSONValue?)
        throws
    {
        let error = #expect(throws: SpinError.self) { try describe(fixture, [key: value]) }
        #expect(error?.code == .damagedFile)
    }

    @Test func refusesAConfigurationThatIsNoObject() throws {
        let folder = try TemporaryFolder(copyOf: "qwen3")
        for text in [
            "", "[]", "3", "{\"model_type\": \"llama\"", "{\"vocab_size\":1,\"vocab_size\":2}",
        ] {
            try folder.write("config.json", text)
            #expect(throws: SpinError.self) { try ModelReader.describe(folder.url) }
        }
        try folder.write("config.json", [UInt8](repeating: 0x20, count: 2 << 20))
        #expect(throws: SpinError.self) { try ModelReader.describe(folder.url) }
    }

    @Test func absentAndNullWindowsDifferInMistral() throws {
        // transformers: an absent key is the class's default 4096, `null` is no window.
        let long: [String: JSONValue?] = ["max_position_embeddings": .integer(8192)]
        let absent = try describe(
            "mistral-float16", long.merging(["sliding_window": nil]) { $1 })
        #expect(absent.slidingWindow == 4096)
        #expect(try describe("mistral-float16", ["sliding_window": .null]).slidingWindow == nil)
        #expect(
            try describe("mistral-float16", ["sliding_window": .integer(64)]).slidingWindow == nil)
    }

    @Test func absentAndNullKeyValueHeadsDifferInMistral() throws {
        // transformers: an absent key is the class's default 8, `null` is one for each head. The
        // fixture has 4 heads of 10 channels, and 2 key/value heads in its weights.
        func failure(_ value: JSONValue?) -> String? {
            let error = #expect(throws: SpinError.self) {
                try describe("mistral-float16", ["num_key_value_heads": value])
            }
            return error?.message
        }
        #expect(failure(.null)?.contains("asks for [40, 24]") == true)
        #expect(failure(nil)?.contains("'num_key_value_heads' 8") == true)
    }

    @Test func layerTypesDecideAboveMaxWindowLayers() throws {
        let sliding = JSONValue.string("sliding_attention")
        let full = JSONValue.string("full_attention")
        func window(_ changes: [String: JSONValue?]) throws -> (Int?, Int) {
            let configuration = try describe("qwen2", changes)
            return (configuration.slidingWindow, configuration.slidingWindowFirstLayer)
        }
        #expect(try window(["layer_types": .array([sliding, sliding])]) == (16, 0))
        #expect(try window(["layer_types": .array([full, full])]) == (nil, 0))
        #expect(try window(["layer_types": nil]) == (16, 1))
        #expect(try window(["layer_types": nil, "max_window_layers": nil]) == (nil, 0))
        #expect(try window(["use_sliding_window": .bool(false)]) == (nil, 0))
    }

    @Test func rotaryParametersWinOverTheOuterBase() throws {
        func rotary(_ changes: [String: JSONValue?]) throws -> DecoderConfiguration
            .Rotary?
        {
            guard case .rotary(let rotary) = try describe("qwen3", changes).position else {
                return nil
            }
            return rotary
        }
        #expect(
            try rotary(["rope_theta": .integer(7), "rope_parameters": nil])?.base == 7)
        #expect(
            try rotary([
                "rope_theta": .integer(7),
                "rope_parameters": .object([
                    "rope_type": .string("default"), "rope_theta": .integer(9),
                ]),
            ])?.base == 9)
        #expect(try rotary(["rope_theta": nil, "rope_parameters": .null])?.base == 10_000)
        #expect(
            try rotary([
                "rope_scaling": .object(["rope_type": .string("linear"), "factor": .integer(3)])
            ])?.scaling == .linear(factor: 3))
    }
}
