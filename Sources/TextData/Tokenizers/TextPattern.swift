/// What a tokenizer file looks for in a text: a fixed string or a regular expression.
enum TextPattern: Sendable {
    case literal([UInt8])
    case regex(Pattern)

    /// All matches from left to right, not overlapping, as offsets from the start of the text.
    ///
    /// - Throws: as `Pattern.matches(in:)`.
    func matches(in text: ArraySlice<UInt8>) throws -> [Range<Int>] {
        try text.withUnsafeBufferPointer { buffer in
            switch self {
            case .literal(let wanted): Self.occurrences(of: wanted, in: buffer)
            case .regex(let pattern): try pattern.matches(in: buffer)
            }
        }
    }

    /// The text with every match replaced.
    ///
    /// - Throws: as `Pattern.matches(in:)`.
    func replacing(_ text: [UInt8], with content: [UInt8]) throws -> [UInt8] {
        let ranges = try matches(in: text[...])
        guard !ranges.isEmpty else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + ranges.count * content.count)
        var end = 0
        for range in ranges {
            result += text[end..<range.lowerBound]
            result += content
            end = range.upperBound
        }
        return result + text[end...]
    }

    private static func occurrences(
        of wanted: [UInt8], in text: UnsafeBufferPointer<UInt8>
    ) -> [Range<Int>] {
        guard let first = wanted.first else { return [] }
        var ranges: [Range<Int>] = []
        var offset = 0
        while offset + wanted.count <= text.count {
            if text[offset] == first,
                text[offset..<offset + wanted.count].elementsEqual(wanted)
            {
                ranges.append(offset..<offset + wanted.count)
                offset += wanted.count
            } else {
                offset += 1
            }
        }
        return ranges
    }
}
