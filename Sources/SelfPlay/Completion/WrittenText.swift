import SpinDomain
import TextData

/// One text that is being written: what of it can be shown, and when it ends.
struct WrittenText {
    let choice: Int
    private(set) var ending: TextEnding?
    /// Drawn tokens, a stop token included.
    private(set) var count = 0
    private(set) var last: Int32 = 0
    private(set) var seen: SeenTokens?
    private var output: TextOutput
    /// Tokens whose text has not been shown.
    private var held: [TextToken] = []
    /// Unicode scalars before the next token.
    private var offset: Int

    /// - Parameters:
    ///   - offset: Unicode scalars of an echoed prompt.
    ///   - seen: only for the repetition penalty.
    init(choice: Int, stops: [String], offset: Int, seen: SeenTokens?) {
        self.choice = choice
        self.offset = offset
        self.seen = seen
        output = TextOutput(stops: stops)
    }

    /// Adds a token without its offset; nil when there is nothing to show yet.
    ///
    /// - Parameter bytes: what the token adds to the text.
    mutating func append(
        _ token: TextToken, bytes: [UInt8], isStop: Bool, budget: Int
    ) -> TextPiece? {
        count += 1
        last = token.id
        seen?.insert(token.id)
        var token = token
        token.offset = offset
        held.append(token)
        offset += bytes.scalarCount
        if isStop { return end(.stop) }
        let text = output.append(bytes)
        if output.isStopped { return end(.stop, text) }
        if count == budget { return end(.length, text) }
        return text.isEmpty ? nil : piece(text)
    }

    /// Ends the text with what was kept back.
    mutating func end(_ ending: TextEnding, _ text: String = "") -> TextPiece? {
        self.ending = ending
        let text = text + output.finish()
        return text.isEmpty && held.isEmpty ? nil : piece(text)
    }

    private mutating func piece(_ text: String) -> TextPiece {
        defer { held = [] }
        return TextPiece(choice: choice, text: text, tokens: held)
    }
}
