/// The Hugging Face model types that one decoder covers.
public enum ModelFamily: String, Sendable, CaseIterable, Codable {
    case llama, mistral, qwen2, qwen3, gpt2

    /// The class that transformers builds.
    var architecture: String {
        switch self {
        case .llama: "LlamaForCausalLM"
        case .mistral: "MistralForCausalLM"
        case .qwen2: "Qwen2ForCausalLM"
        case .qwen3: "Qwen3ForCausalLM"
        case .gpt2: "GPT2LMHeadModel"
        }
    }

    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
