/// Tells, token by token, whether a generated text ends with one of the configuration's `end_strings`.
///
/// It compares bytes, so that an end string may begin and end in the middle of a token, and a character
/// may be spread over several tokens. Special tokens count as they are spelled.
public struct EndStringMatcher: Sendable {
    private let endings: [[UInt8]]
    private let longest: Int
    /// The last bytes of the text, as many as the longest ending has.
    private var tail: [UInt8] = []

    /// - Parameter endStrings: empty ones are of no account.
    public init(_ endStrings: [String]) {
        endings = endStrings.map { Array($0.utf8) }.filter { !$0.isEmpty }
        longest = endings.map(\.count).max() ?? 0
    }

    /// Adds a token; true when the text now ends with an end string.
    public mutating func append(_ id: Int32, _ tokenizer: any Tokenizer) -> Bool {
        guard longest > 0 else { return false }
        return append(tokenizer.bytes(of: id) ?? [])
    }

    /// Adds bytes; true when the text now ends with an end string.
    public mutating func append(_ bytes: [UInt8]) -> Bool {
        tail += bytes
        if tail.count > longest { tail.removeFirst(tail.count - longest) }
        return endings.contains { tail.suffix($0.count).elementsEqual($0) }
    }
}
