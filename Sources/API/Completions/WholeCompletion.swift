import SpinDomain

/// Gathers what a generator says into one answer.
struct WholeCompletion {
    private struct Choice {
        var text = ""
        var tokens: [TextToken] = []
        var ending: TextEnding?
    }

    private let shape: CompletionShape
    private var prompt: [Int32] = []
    private var choices: [Choice]

    init(_ shape: CompletionShape) {
        self.shape = shape
        choices = [Choice](repeating: Choice(), count: shape.request.text.choices)
    }

    mutating func add(_ event: TextEvent) {
        switch event {
        case .began(let tokens): prompt = tokens
        case .piece(let piece):
            choices[piece.choice].text += piece.text
            choices[piece.choice].tokens += piece.tokens
        case .ended(let choice, let ending): choices[choice].ending = ending
        }
    }

    func json(_ usage: TextUsage) -> JSONValue {
        let echoed = shape.request.text.echoes ? prompt.count : 0
        return shape.answer(
            choices.enumerated().map { index, choice in
                shape.choice(
                    index, content: content(choice.text), tokens: choice.tokens,
                    ending: choice.ending, promptIDs: prompt,
                    ids: choice.tokens.dropFirst(echoed).map(\.id))
            }, isChunk: false, usage: CompletionShape.usage(usage))
    }

    private func content(_ text: String) -> (key: String, value: JSONValue) {
        guard shape.isChat else { return ("text", .string(text)) }
        return (
            "message", ["role": "assistant", "content": .string(text), "refusal": .null]
        )
    }
}
