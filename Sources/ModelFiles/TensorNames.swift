public import Transformer

/// One tensor of a Hugging Face model file and its place in an arena.
public struct FileTensor: Sendable, Equatable {
    public let name: String
    /// As the file has it.
    public let shape: [Int]
    /// Whose floats lie in the tensor, without a gap in the arena; GPT-2 fuses three.
    public let parameters: [ParameterName]
    /// First float in the arena.
    public let offset: Int
    /// The file holds `[in, out]` (GPT-2's Conv1D) where the arena holds `[out, in]`.
    public let isTransposed: Bool

    public var count: Int { shape.reduce(1, *) }
}

/// The names of parameters in Hugging Face model files, in the families' own orientation.
public enum TensorNames {
    /// Every tensor of a model file, in the arena's order.
    public static func tensors(of layout: ParameterLayout, family: ModelFamily) -> [FileTensor] {
        layout.entries.compactMap { entry in
            family == .gpt2 ? fusedTensor(entry, layout) : plainTensor(entry, family)
        }
    }

    /// The name of the tensor that holds a parameter; GPT-2's query, key and value share one.
    public static func name(of parameter: ParameterName, family: ModelFamily) -> String {
        switch parameter {
        case .tokenEmbedding:
            family == .gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight"
        case .positionEmbedding: "transformer.wpe.weight"
        case .finalNormWeight: family == .gpt2 ? "transformer.ln_f.weight" : "model.norm.weight"
        case .finalNormBias: family == .gpt2 ? "transformer.ln_f.bias" : "model.norm.bias"
        case .head: "lm_head.weight"
        case .layer(let layer, let part):
            family == .gpt2
                ? "transformer.h.\(layer).\(gpt2Name(part))"
                : "model.layers.\(layer).\(llamaName(part))"
        }
    }

    private static func plainTensor(
        _ entry: ParameterLayout.Entry, _ family: ModelFamily
    ) -> FileTensor {
        FileTensor(
            name: name(of: entry.name, family: family), shape: entry.shape,
            parameters: [entry.name], offset: entry.offset, isTransposed: false)
    }

    /// GPT-2: linear weights are transposed, query, key and value are one tensor.
    private static func fusedTensor(
        _ entry: ParameterLayout.Entry, _ layout: ParameterLayout
    ) -> FileTensor? {
        var parameters = [entry.name]
        if case .layer(let layer, let part) = entry.name {
            switch part {
            case .keyWeight, .valueWeight, .keyBias, .valueBias: return nil
            case .queryWeight:
                parameters = [.queryWeight, .keyWeight, .valueWeight].map { .layer(layer, $0) }
            case .queryBias:
                parameters = [.queryBias, .keyBias, .valueBias].map { .layer(layer, $0) }
            default: break
            }
        }
        let isLinear = entry.shape.count == 2 && entry.name.isInLayer
        let rows = parameters.compactMap { layout[$0]?.shape.first }.reduce(0, +)
        let columns = Array(entry.shape.dropFirst())
        return FileTensor(
            name: name(of: entry.name, family: .gpt2),
            shape: isLinear ? columns + [rows] : [rows] + columns,
            parameters: parameters, offset: entry.offset, isTransposed: isLinear)
    }

    private static func llamaName(_ part: ParameterName.Part) -> String {
        switch part {
        case .attentionNormWeight: "input_layernorm.weight"
        case .attentionNormBias: "input_layernorm.bias"
        case .queryWeight: "self_attn.q_proj.weight"
        case .keyWeight: "self_attn.k_proj.weight"
        case .valueWeight: "self_attn.v_proj.weight"
        case .queryBias: "self_attn.q_proj.bias"
        case .keyBias: "self_attn.k_proj.bias"
        case .valueBias: "self_attn.v_proj.bias"
        case .queryNormWeight: "self_attn.q_norm.weight"
        case .keyNormWeight: "self_attn.k_norm.weight"
        case .attentionOutputWeight: "self_attn.o_proj.weight"
        case .attentionOutputBias: "self_attn.o_proj.bias"
        case .feedForwardNormWeight: "post_attention_layernorm.weight"
        case .feedForwardNormBias: "post_attention_layernorm.bias"
        case .gateWeight: "mlp.gate_proj.weight"
        case .upWeight: "mlp.up_proj.weight"
        case .downWeight: "mlp.down_proj.weight"
        case .gateBias: "mlp.gate_proj.bias"
        case .upBias: "mlp.up_proj.bias"
        case .downBias: "mlp.down_proj.bias"
        }
    }

    private static func gpt2Name(_ part: ParameterName.Part) -> String {
        switch part {
        case .attentionNormWeight: "ln_1.weight"
        case .attentionNormBias: "ln_1.bias"
        case .queryWeight, .keyWeight, .valueWeight: "attn.c_attn.weight"
        case .queryBias, .keyBias, .valueBias: "attn.c_attn.bias"
        case .queryNormWeight: "attn.q_norm.weight"
        case .keyNormWeight: "attn.k_norm.weight"
        case .attentionOutputWeight: "attn.c_proj.weight"
        case .attentionOutputBias: "attn.c_proj.bias"
        case .feedForwardNormWeight: "ln_2.weight"
        case .feedForwardNormBias: "ln_2.bias"
        case .gateWeight: "mlp.c_gate.weight"
        case .gateBias: "mlp.c_gate.bias"
        case .upWeight: "mlp.c_fc.weight"
        case .upBias: "mlp.c_fc.bias"
        case .downWeight: "mlp.c_proj.weight"
        case .downBias: "mlp.c_proj.bias"
        }
    }
}

extension ParameterName {
    fileprivate var isInLayer: Bool {
        if case .layer = self { return true }
        return false
    }
}
