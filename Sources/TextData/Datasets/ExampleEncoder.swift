import SpinDomain

/// A row of a data set in tokens, ready to be played.
public struct EncodedExample: Sendable, Equatable {
    /// 0-based place among the rows that were given to the encoder.
    public let index: Int
    /// At least one.
    public let promptIDs: [Int32]
    /// The actual response with its stop token; at least one.
    public let actualIDs: [Int32]
    /// What the model sees, special tokens spelled out; nil for rows that came as ids.
    public let promptText: String?
    /// The response as the data has it, without the stop token.
    public let actualText: String?

    public init(
        index: Int, promptIDs: [Int32], actualIDs: [Int32], promptText: String?, actualText: String?
    ) {
        self.index = index
        self.promptIDs = promptIDs
        self.actualIDs = actualIDs
        self.promptText = promptText
        self.actualText = actualText
    }
}

/// Turns rows into tokens.
///
/// Prompt and response are encoded apart, so that the prompt's ids do not depend on the response that
/// follows: the generated one has to start from the same state.
public struct ExampleEncoder: Sendable {
    private let codec: TextCodec?
    private let vocabularySize: Int

    /// - Parameters:
    ///   - codec: nil for a model without a tokenizer, which takes rows of ids only.
    ///   - vocabularySize: of the model; ids must lie below it.
    public init(codec: TextCodec?, vocabularySize: Int) {
        self.codec = codec
        self.vocabularySize = vocabularySize
    }

    /// - Throws: `invalid` for what this model cannot take, with the line; `unsupported` when its chat
    ///   template cannot be rendered.
    public func encode(_ row: DatasetFile.NumberedRow, index: Int) throws -> EncodedExample {
        do {
            return try encode(row.row, index: index)
        } catch let error as SpinError {
            throw SpinError(
                error.code, "line \(row.line): \(error.message)", hint: error.hint,
                problems: error.problems)
        }
    }

    /// - Throws: as for a numbered row, without the line.
    public func encode(_ row: DatasetRow, index: Int) throws -> EncodedExample {
        let example =
            switch row {
            case .ids(let prompt, let response):
                EncodedExample(
                    index: index, promptIDs: prompt, actualIDs: response, promptText: nil,
                    actualText: nil)
            case .text(let prompt, let response):
                try encode(prompt, response, index)
            }
        guard !example.promptIDs.isEmpty else {
            throw SpinError(
                .invalid, "the prompt has no tokens", hint: "the model adds none before a text")
        }
        guard !example.actualIDs.isEmpty else { throw SpinError(.invalid, "the response is empty") }
        for id in example.promptIDs + example.actualIDs
        where !(0..<vocabularySize).contains(Int(id)) {
            throw SpinError(
                .invalid, "token id \(id) is not below the model's vocabulary of \(vocabularySize)")
        }
        return example
    }

    /// The tokens of a prompt alone, as generation starts from them, and the text they come from.
    ///
    /// - Throws: as `encode`.
    public func encodePrompt(_ prompt: DatasetRow.Prompt) throws -> (ids: [Int32], text: String) {
        let codec = try requireCodec()
        if let template = codec.chatTemplate {
            let text = try template.render(prompt.asMessages, addGenerationPrompt: true)
            return (try codec.tokenizer.encode(text, addSpecialTokens: false), text)
        }
        guard let text = prompt.asPlainText else {
            throw SpinError(
                .invalid, "the row is a conversation, but the model has no chat template",
                hint: "use rows of prompt and response")
        }
        let ids = try codec.tokenizer.encode(text, addSpecialTokens: false)
        return (codec.tokenizer.prefixIDs + ids, text)
    }

    private func requireCodec() throws -> TextCodec {
        guard let codec else {
            throw SpinError(
                .invalid, "the model has no tokenizer and cannot read text",
                hint: "use rows of prompt_ids and response_ids")
        }
        if let problem = codec.templateProblem { throw problem }
        return codec
    }

    private func encode(
        _ prompt: DatasetRow.Prompt, _ response: String, _ index: Int
    ) throws -> EncodedExample {
        let codec = try requireCodec()
        let (promptIDs, promptText) = try encodePrompt(prompt)
        guard !response.isEmpty else { throw SpinError(.invalid, "the response is empty") }
        let actualIDs: [Int32]
        if let turnEnd = codec.turnEnd {
            // In one piece, so that a stop token which strips the space before it does so here too.
            actualIDs = try codec.tokenizer.encode(response + turnEnd.text, addSpecialTokens: false)
        } else {
            let ids = try codec.tokenizer.encode(response, addSpecialTokens: false)
            actualIDs = ids + (codec.endID.map { [$0] } ?? [])
        }
        return EncodedExample(
            index: index, promptIDs: promptIDs, actualIDs: actualIDs, promptText: promptText,
            actualText: response)
    }
}
