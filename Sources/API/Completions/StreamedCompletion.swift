import MicroHTTP
import SpinDomain

/// Passes on what a generator says, chunk by chunk, as Server-Sent Events.
struct StreamedCompletion {
    let stream = EventStream(endsWithClient: true)
    private let shape: CompletionShape
    private var prompt: [Int32] = []
    /// Choices whose prompt has been shown.
    private var begun: Set<Int> = []

    init(_ shape: CompletionShape) {
        self.shape = shape
    }

    mutating func add(_ event: TextEvent) {
        switch event {
        case .began(let tokens):
            prompt = tokens
            guard shape.isChat else { return }
            for choice in 0..<shape.request.text.choices {
                send(choice, delta: ["role": "assistant", "content": ""])
            }
        case .piece(let piece):
            let isEcho = shape.request.text.echoes && !begun.contains(piece.choice)
            if shape.isChat {
                send(piece.choice, delta: ["content": .string(piece.text)], piece.tokens)
            } else {
                send(piece.choice, text: piece.text, piece.tokens, isEcho: isEcho)
            }
        case .ended(let choice, let ending):
            if shape.isChat {
                send(choice, delta: [:], ending: ending)
            } else {
                send(choice, text: "", ending: ending)
            }
        }
    }

    func finish(_ usage: TextUsage) {
        if shape.request.streamsUsage {
            send(shape.answer([], isChunk: true, usage: CompletionShape.usage(usage)).text)
        }
        send("[DONE]")
        stream.finish()
    }

    /// What has gone wrong, where a status cannot be sent any more.
    func fail(_ error: JSONValue) {
        send(JSONValue.object(["error": error]).text)
        stream.finish()
    }

    private mutating func send(
        _ choice: Int, text: String, _ tokens: [TextToken] = [], isEcho: Bool = false,
        ending: TextEnding? = nil
    ) {
        send(choice, ("text", .string(text)), tokens, isEcho: isEcho, ending: ending)
    }

    private mutating func send(
        _ choice: Int, delta: JSONValue, _ tokens: [TextToken] = [], ending: TextEnding? = nil
    ) {
        send(choice, ("delta", delta), tokens, isEcho: false, ending: ending)
    }

    private mutating func send(
        _ index: Int, _ content: (key: String, value: JSONValue), _ tokens: [TextToken],
        isEcho: Bool, ending: TextEnding?
    ) {
        let isFirst = begun.insert(index).inserted
        let choice = shape.choice(
            index, content: content, tokens: tokens, ending: ending,
            promptIDs: isFirst ? prompt : nil, ids: isEcho ? [] : tokens.map(\.id))
        let usage: JSONValue? = shape.request.streamsUsage ? .null : nil
        send(shape.answer([choice], isChunk: true, usage: usage).text)
    }

    private func send(_ data: String) { stream.send(ServerSentEvent(data: data)) }
}
