/// One turn of a conversation.
public struct ChatMessage: Sendable, Equatable, Hashable, Codable {
    /// "system", "user", "assistant", or what else the model's template knows.
    public let role: String
    public let content: String

    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// One row of a data set: what is asked, and the response that the data gives.
public enum DatasetRow: Sendable, Equatable {
    /// What is asked, in words.
    public enum Prompt: Sendable, Equatable {
        case text(String)
        /// All turns before the response; at least one.
        case messages([ChatMessage])

        /// The same prompt for a chat template.
        public var asMessages: [ChatMessage] {
            switch self {
            case .text(let text): [ChatMessage(role: "user", content: text)]
            case .messages(let messages): messages
            }
        }

        /// The same prompt for a model without a chat template: nil for more than one user's turn.
        var asPlainText: String? {
            switch self {
            case .text(let text): text
            case .messages(let messages):
                messages.count == 1 && messages[0].role == "user" ? messages[0].content : nil
            }
        }
    }

    case text(prompt: Prompt, response: String)
    /// Already tokens; the stop token is in the response or it is not.
    case ids(prompt: [Int32], response: [Int32])

    /// Whether the response has nothing to learn from.
    public var hasEmptyResponse: Bool {
        switch self {
        case .text(_, let response): response.isEmpty
        case .ids(_, let response): response.isEmpty
        }
    }
}

/// The shapes in which rows come, told apart by their keys.
public enum DatasetForm: String, Sendable, Codable, CaseIterable {
    /// `{"prompt_ids": […], "response_ids": […]}`
    case tokenIDs = "token_ids"
    /// `{"messages": [{"role", "content"}, …]}`
    case messages
    /// ShareGPT's and NeMo's `{"conversations": [{"from", "value"}, …]}`
    case conversations
    /// uclaml's `{"real": [{"role", "content"}, …]}`
    case real
    /// `{"prompt", "response"}`
    case promptResponse = "prompt_response"
    /// `{"instruction", "input", "output"}`
    case alpaca
    /// GSM8K's `{"question", "answer"}`
    case questionAnswer = "question_answer"

    /// The keys that a row of this form must have.
    package var requiredKeys: [String] {
        switch self {
        case .tokenIDs: ["prompt_ids", "response_ids"]
        case .messages: ["messages"]
        case .conversations: ["conversations"]
        case .real: ["real"]
        case .promptResponse: ["prompt", "response"]
        case .alpaca: ["instruction", "output"]
        case .questionAnswer: ["question", "answer"]
        }
    }
}
