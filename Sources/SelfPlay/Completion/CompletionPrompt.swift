import SpinDomain
import TextData
import Transformer

/// A request's prompt in tokens, and how many may follow them.
struct CompletionPrompt {
    /// At least one.
    let tokens: [Int32]
    /// What an echo shows; empty without a tokenizer.
    let text: String
    /// Most new tokens.
    let budget: Int

    /// - Throws: `invalid` for what the model cannot take.
    init(_ request: TextRequest, for model: ModelSetting) throws {
        let pointer: String
        switch request.prompt {
        case .tokens(let ids):
            pointer = "/prompt"
            try Self.check(ids, vocabularySize: model.decoder.vocabularySize)
            tokens = ids
            text = model.codec?.tokenizer.decode(ids, skipSpecialTokens: true) ?? ""
        case .text(let prompt):
            pointer = "/prompt"
            tokens = try Self.tokens(of: prompt, model.codec)
            text = prompt
        case .messages(let messages):
            pointer = "/messages"
            let encoder = ExampleEncoder(
                codec: model.codec, vocabularySize: model.decoder.vocabularySize)
            let encoded = try encoder.encodePrompt(
                .messages(messages.map { ChatMessage(role: $0.role, content: $0.content) }))
            tokens = encoded.ids
            text = encoded.text
        }
        guard !tokens.isEmpty else { throw Self.invalid(pointer, "has no tokens for this model") }
        budget = try Self.budget(
            request.length, prompt: tokens.count, context: model.decoder.contextLength, pointer)
    }

    private static func check(_ ids: [Int32], vocabularySize: Int) throws {
        let vocabulary = 0..<Int32(clamping: vocabularySize)
        guard let index = ids.firstIndex(where: { !vocabulary.contains($0) }) else { return }
        throw invalid(
            "/prompt/\(index)",
            "token id \(ids[index]) is not below the model's vocabulary of \(vocabularySize)")
    }

    /// As in training: begin tokens as the tokenizer says, and no end.
    private static func tokens(of text: String, _ codec: TextCodec?) throws -> [Int32] {
        guard let tokenizer = codec?.tokenizer else {
            throw invalid("/prompt", "the model has no tokenizer: expected a list of token ids")
        }
        return try tokenizer.prefixIDs + tokenizer.encode(text, addSpecialTokens: false)
    }

    private static func budget(
        _ length: TextRequest.Length, prompt: Int, context: Int, _ pointer: String
    ) throws -> Int {
        let room = context - prompt
        let size = "\(prompt) tokens of the model's context of \(context)"
        guard room >= 0 else { throw invalid(pointer, "is too long: takes \(size)") }
        switch length {
        case .exactly(let count):
            guard count <= room else {
                throw invalid("/max_tokens", "expected at most \(room): the prompt takes \(size)")
            }
            return count
        case .atMost(let count):
            guard room > 0 else { throw invalid(pointer, "is too long: takes all \(size)") }
            return min(count, room)
        }
    }

    private static func invalid(_ pointer: String, _ detail: String) -> SpinError {
        .invalid("the request", problems: [.init(pointer: pointer, detail: detail)])
    }
}
