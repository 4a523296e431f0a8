/// What becomes of the matches when a text is cut at them.
enum SplitBehavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    private typealias Span = (range: Range<Int>, isMatch: Bool)

    /// - Parameters:
    ///   - matches: ascending offsets from the piece's start.
    ///   - isInverted: the text between the matches counts as the matches.
    func pieces(
        of piece: TextPiece, matches: [Range<Int>], isInverted: Bool = false
    ) -> [TextPiece] {
        var spans: [Span] = []
        spans.reserveCapacity(matches.count)
        var end = 0
        for match in matches {
            if end < match.lowerBound { spans.append((end..<match.lowerBound, isInverted)) }
            if !match.isEmpty { spans.append((match, !isInverted)) }
            end = match.upperBound
        }
        if end < piece.bytes.count { spans.append((end..<piece.bytes.count, isInverted)) }
        let start = piece.bytes.startIndex
        return arranged(spans).map { range in
            TextPiece(
                bytes: piece.bytes[start + range.lowerBound..<start + range.upperBound],
                startsText: piece.startsText && range.lowerBound == 0)
        }
    }

    /// Cuts at every scalar of a class.
    func pieces(of piece: TextPiece, where isInClass: (UInt32) -> Bool) -> [TextPiece] {
        var matches: [Range<Int>] = []
        let start = piece.bytes.startIndex
        var reader = ScalarReader(piece.bytes)
        while true {
            let from = reader.offset
            guard let scalar = reader.next() else { break }
            if isInClass(scalar) { matches.append(from - start..<reader.offset - start) }
        }
        return pieces(of: piece, matches: matches)
    }

    private func arranged(_ spans: [Span]) -> [Range<Int>] {
        switch self {
        case .isolated: spans.map(\.range)
        case .removed: spans.filter { !$0.isMatch }.map(\.range)
        case .contiguous: Self.joined(spans) { $0.isMatch == $1.isMatch }
        // A match goes to its neighbour; of several matches in a row only the nearest does.
        case .mergedWithPrevious: Self.joined(spans) { !$0.isMatch && $1.isMatch }
        case .mergedWithNext: Self.joined(spans) { $0.isMatch && !$1.isMatch }
        }
    }

    /// Joins neighbours for which the condition on (left, right) holds.
    private static func joined(_ spans: [Span], where joins: (Span, Span) -> Bool) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for (index, span) in spans.enumerated() {
            if index > 0, joins(spans[index - 1], span), let last = ranges.popLast() {
                ranges.append(last.lowerBound..<span.range.upperBound)
            } else {
                ranges.append(span.range)
            }
        }
        return ranges
    }
}
