/// A token that is looked for in the text itself, before any other rule applies.
struct AddedToken: Sendable {
    let id: Int32
    let content: String
    /// Only where it stands alone, between characters that are not word characters.
    var isSingleWord = false
    /// Takes the white space on its left, or right, with it.
    var stripsLeft = false
    var stripsRight = false
    /// Looked for in the normalised text, in its own normalised form.
    var isNormalized = false
    /// A control token, which decoding can leave out.
    var isSpecial = false
}

/// Finds added tokens in a text: leftmost first, the longest of those that begin at one place.
struct AddedTokenFinder: Sendable {
    /// A stretch of the text: a token, or nil for ordinary text.
    struct Segment {
        let range: Range<Int>
        let token: AddedToken?
    }

    private struct Node: Sendable {
        var children: [UInt8: Int] = [:]
        var token: Int?
    }

    private let tokens: [AddedToken]
    private var nodes = [Node()]
    /// Whether any token begins with this byte; most bytes of a text need no look at the tree.
    private var begins = [Bool](repeating: false, count: 256)

    /// - Parameter spellings: the bytes to look for, one for each token.
    init(_ tokens: [AddedToken], spellings: [[UInt8]]) {
        self.tokens = tokens
        for (index, bytes) in spellings.enumerated() {
            guard let first = bytes.first else { continue }
            begins[Int(first)] = true
            var node = 0
            for byte in bytes {
                if let child = nodes[node].children[byte] {
                    node = child
                } else {
                    nodes.append(Node())
                    nodes[node].children[byte] = nodes.count - 1
                    node = nodes.count - 1
                }
            }
            nodes[node].token = nodes[node].token ?? index
        }
    }

    /// The text cut into tokens and what lies between them; none for an empty text.
    func segments(of text: [UInt8]) -> [Segment] {
        guard !tokens.isEmpty else {
            return text.isEmpty ? [] : [Segment(range: 0..<text.count, token: nil)]
        }
        var segments: [Segment] = []
        var end = 0
        var offset = 0
        while offset < text.count {
            guard begins[Int(text[offset])], let match = longestMatch(in: text, at: offset) else {
                offset += 1
                continue
            }
            var range = offset..<offset + match.length
            offset = range.upperBound
            let token = tokens[match.token]
            if token.isSingleWord, touchesWord(range, in: text) { continue }
            if token.stripsLeft {
                range = max(end, spaceStart(before: range.lowerBound, in: text))..<range.upperBound
            }
            if token.stripsRight {
                range = range.lowerBound..<spaceEnd(after: range.upperBound, in: text)
            }
            if end < range.lowerBound {
                segments.append(Segment(range: end..<range.lowerBound, token: nil))
            }
            segments.append(Segment(range: range, token: token))
            end = range.upperBound
        }
        if end < text.count { segments.append(Segment(range: end..<text.count, token: nil)) }
        return segments
    }

    private func longestMatch(in text: [UInt8], at start: Int) -> (token: Int, length: Int)? {
        var best: (token: Int, length: Int)?
        var node = 0
        for offset in start..<text.count {
            guard let child = nodes[node].children[text[offset]] else { break }
            node = child
            if let token = nodes[node].token { best = (token, offset + 1 - start) }
        }
        return best
    }

    private func touchesWord(_ range: Range<Int>, in text: [UInt8]) -> Bool {
        if let before = scalar(before: range.lowerBound, in: text), ScalarClass.isWord(before.value)
        {
            return true
        }
        var reader = ScalarReader(text[range.upperBound...])
        return reader.next().map(ScalarClass.isWord) ?? false
    }

    private func spaceStart(before end: Int, in text: [UInt8]) -> Int {
        var start = end
        while let before = scalar(before: start, in: text), ScalarClass.isSpace(before.value) {
            start = before.offset
        }
        return start
    }

    private func spaceEnd(after start: Int, in text: [UInt8]) -> Int {
        var reader = ScalarReader(text[start...])
        var end = start
        while let scalar = reader.next(), ScalarClass.isSpace(scalar) { end = reader.offset }
        return end
    }

    private func scalar(before end: Int, in text: [UInt8]) -> (value: UInt32, offset: Int)? {
        var start = end - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        guard start >= 0 else { return nil }
        var reader = ScalarReader(text[start..<end])
        return reader.next().map { ($0, start) }
    }
}
