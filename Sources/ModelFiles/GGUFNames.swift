import Transformer

/// llama.cpp's names of the parameters.
enum GGUFNames {
    static func name(of parameter: ParameterName) -> String {
        switch parameter {
        case .tokenEmbedding: "token_embd.weight"
        case .positionEmbedding: "position_embd.weight"
        case .finalNormWeight: "output_norm.weight"
        case .finalNormBias: "output_norm.bias"
        case .head: "output.weight"
        case .layer(let layer, let part): "blk.\(layer).\(name(of: part))"
        }
    }

    private static func name(of part: ParameterName.Part) -> String {
        switch part {
        case .attentionNormWeight: "attn_norm.weight"
        case .attentionNormBias: "attn_norm.bias"
        case .queryWeight: "attn_q.weight"
        case .keyWeight: "attn_k.weight"
        case .valueWeight: "attn_v.weight"
        case .queryBias: "attn_q.bias"
        case .keyBias: "attn_k.bias"
        case .valueBias: "attn_v.bias"
        case .queryNormWeight: "attn_q_norm.weight"
        case .keyNormWeight: "attn_k_norm.weight"
        case .attentionOutputWeight: "attn_output.weight"
        case .attentionOutputBias: "attn_output.bias"
        case .feedForwardNormWeight: "ffn_norm.weight"
        case .feedForwardNormBias: "ffn_norm.bias"
        case .gateWeight: "ffn_gate.weight"
        case .upWeight: "ffn_up.weight"
        case .downWeight: "ffn_down.weight"
        case .gateBias: "ffn_gate.bias"
        case .upBias: "ffn_up.bias"
        case .downBias: "ffn_down.bias"
        }
    }
}
