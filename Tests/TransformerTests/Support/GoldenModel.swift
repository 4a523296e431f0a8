import Foundation
import Tensors
import Transformer

/// One of the golden folders: a tiny Hugging Face model and what PyTorch computed with it.
struct GoldenModel {
    static let names = ["llama", "gpt2", "qwen2"]

    /// `SPIND_SHARED`, or `shared` beside the repository.
    static let folder: URL = {
        let shared =
            ProcessInfo.processInfo.environment["SPIND_SHARED"].map(URL.init(fileURLWithPath:))
            ?? URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../../shared")
        return shared.appendingPathComponent("golden").standardizedFileURL
    }()

    static var isPresent: Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent("README.md").path)
    }

    let configuration: DecoderConfiguration
    let weights: ParameterArena
    let golden: [String: Any]
    private let folder: URL

    init(_ name: String) throws {
        folder = Self.folder.appendingPathComponent(name)
        golden = try Self.json(folder.appendingPathComponent("golden.json"))
        let config = try Self.json(folder.appendingPathComponent("config.json"))
        configuration = name == "gpt2" ? Self.gpt2(config) : Self.llama(config)
        weights = ParameterArena(ParameterLayout(configuration))
        for tensor in try Self.tensors(folder.appendingPathComponent("model.safetensors")) {
            for (place, value) in zip(places(tensor.name), tensor.values) {
                weights.buffer.pointer[place] = value
            }
        }
    }

    struct Tensor {
        let name: String
        let values: [Float]
    }

    func finalTensors() throws -> [Tensor] {
        try Self.tensors(folder.appendingPathComponent("params_after3.safetensors"))
    }

    /// Where each number of a Hugging Face tensor, in its order, lies in the arena.
    func places(_ name: String) -> [Int] {
        let parts = name.split(separator: ".").map(String.init)
        let layer = parts.lazy.compactMap(Int.init).first ?? 0
        func lookUp(_ count: Int) -> Place? {
            Self.parts[parts.suffix(count).joined(separator: ".")]
        }
        guard let part = Self.parts[name] ?? lookUp(3) ?? lookUp(2) else { return [] }
        let parameter: ParameterName
        switch part {
        case .whole(let name): parameter = name
        case .layer(let part): parameter = .layer(layer, part)
        case .transposed(let part): return transposedPlaces(.layer(layer, part))
        }
        guard let entry = weights.layout[parameter] else { return [] }
        // GPT-2's fused bias is our three adjacent ones.
        let count = name.hasSuffix("c_attn.bias") ? 3 * entry.count : entry.count
        return Array(entry.offset..<entry.offset + count)
    }

    /// Conv1D weights are `[in, out]`; the fused one is our three adjacent matrices.
    private func transposedPlaces(_ name: ParameterName) -> [Int] {
        guard let entry = weights.layout[name] else { return [] }
        let isFused: Bool
        if case .layer(_, .queryWeight) = name { isFused = true } else { isFused = false }
        let outputs = entry.shape[0] * (isFused ? 3 : 1)
        let inputs = entry.shape[1]
        return (0..<inputs * outputs).map { index in
            entry.offset + index % outputs * inputs + index / outputs
        }
    }

    private enum Place {
        case whole(ParameterName)
        case layer(ParameterName.Part)
        case transposed(ParameterName.Part)
    }

    private static let parts: [String: Place] = [
        "model.embed_tokens.weight": .whole(.tokenEmbedding),
        "lm_head.weight": .whole(.head),
        "model.norm.weight": .whole(.finalNormWeight),
        "input_layernorm.weight": .layer(.attentionNormWeight),
        "post_attention_layernorm.weight": .layer(.feedForwardNormWeight),
        "q_proj.weight": .layer(.queryWeight), "q_proj.bias": .layer(.queryBias),
        "k_proj.weight": .layer(.keyWeight), "k_proj.bias": .layer(.keyBias),
        "v_proj.weight": .layer(.valueWeight), "v_proj.bias": .layer(.valueBias),
        "o_proj.weight": .layer(.attentionOutputWeight),
        "gate_proj.weight": .layer(.gateWeight), "up_proj.weight": .layer(.upWeight),
        "down_proj.weight": .layer(.downWeight),
        "transformer.wte.weight": .whole(.tokenEmbedding),
        "transformer.wpe.weight": .whole(.positionEmbedding),
        "transformer.ln_f.weight": .whole(.finalNormWeight),
        "transformer.ln_f.bias": .whole(.finalNormBias),
        "ln_1.weight": .layer(.attentionNormWeight), "ln_1.bias": .layer(.attentionNormBias),
        "ln_2.weight": .layer(.feedForwardNormWeight), "ln_2.bias": .layer(.feedForwardNormBias),
        "attn.c_attn.weight": .transposed(.queryWeight), "attn.c_attn.bias": .layer(.queryBias),
        "attn.c_proj.weight": .transposed(.attentionOutputWeight),
        "attn.c_proj.bias": .layer(.attentionOutputBias),
        "mlp.c_fc.weight": .transposed(.upWeight), "mlp.c_fc.bias": .layer(.upBias),
        "mlp.c_proj.weight": .transposed(.downWeight), "mlp.c_proj.bias": .layer(.downBias),
    ]

    private static func json(_ url: URL) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
    }

    /// Eight bytes of header length, the header, then the numbers.
    private static func tensors(_ url: URL) throws -> [Tensor] {
        let data = try Data(contentsOf: url)
        let headerCount = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header =
            try JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(headerCount))
            as? [String: Any] ?? [:]
        return header.compactMap { name, value in
            guard let entry = value as? [String: Any],
                let offsets = entry["data_offsets"] as? [Int]
            else { return nil }
            let bytes = data.dropFirst(8 + headerCount).dropFirst(offsets[0])
                .prefix(offsets[1] - offsets[0])
            let values = Array(bytes).withUnsafeBytes { raw in
                (0..<raw.count / 4).map {
                    raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
                }
            }
            return Tensor(name: name, values: values)
        }
    }

    private static func llama(_ config: [String: Any]) -> DecoderConfiguration {
        func int(_ key: String) -> Int { config[key] as? Int ?? 0 }
        let heads = int("num_attention_heads")
        let headSize = int("hidden_size") / max(heads, 1)
        return DecoderConfiguration(
            vocabularySize: int("vocab_size"), contextLength: int("max_position_embeddings"),
            channels: int("hidden_size"), layers: int("num_hidden_layers"), heads: heads,
            keyValueHeads: int("num_key_value_heads"), headSize: headSize,
            feedForwardChannels: int("intermediate_size"), norm: .rootMeanSquare,
            normEpsilon: Float(config["rms_norm_eps"] as? Double ?? 0),
            position: .rotary(
                .init(base: config["rope_theta"] as? Double ?? 0, rotatedChannels: headSize)),
            feedForward: .gated(.silu),
            queryKeyValueBias: config["model_type"] as? String == "qwen2",
            tiedEmbeddings: config["tie_word_embeddings"] as? Bool ?? false)
    }

    private static func gpt2(_ config: [String: Any]) -> DecoderConfiguration {
        func int(_ key: String) -> Int { config[key] as? Int ?? 0 }
        let channels = int("n_embd")
        return DecoderConfiguration(
            vocabularySize: int("vocab_size"), contextLength: int("n_positions"),
            channels: channels, layers: int("n_layer"), heads: int("n_head"),
            keyValueHeads: int("n_head"), headSize: channels / max(int("n_head"), 1),
            feedForwardChannels: 4 * channels, norm: .layer,
            normEpsilon: Float(config["layer_norm_epsilon"] as? Double ?? 0),
            position: .learned, feedForward: .plain(.geluTanh), queryKeyValueBias: true,
            attentionOutputBias: true, feedForwardBias: true, tiedEmbeddings: true)
    }
}
