/// A stretch of text on its way through the pre-tokenizers; merges never cross its ends.
struct TextPiece: Sendable {
    var bytes: ArraySlice<UInt8>
    /// Whether the text that was given to `encode` begins here.
    var startsText: Bool
}

/// How a text is cut into the words that the merges then work on.
indirect enum PreTokenizer: Sendable {
    /// The pattern is GPT-2's, or nil when another pre-tokenizer has cut the text already.
    case byteLevel(addsPrefixSpace: Bool, pattern: TextPattern?)
    case split(TextPattern, SplitBehavior, isInverted: Bool)
    case digits(individually: Bool)
    case metaspace(MetaspaceRule)
    case whitespace
    case whitespaceSplit
    case punctuation(SplitBehavior)
    case sequence([PreTokenizer])

    /// Whether tokens are spelled in `ByteAlphabet`; such a step stands last in a sequence.
    var isByteLevel: Bool {
        switch self {
        case .byteLevel: true
        case .sequence(let steps): steps.last?.isByteLevel ?? false
        default: false
        }
    }

    /// - Throws: as `Pattern.matches(in:)`.
    func pieces(of piece: TextPiece) throws -> [TextPiece] {
        switch self {
        case .byteLevel(let addsPrefixSpace, let pattern):
            var piece = piece
            if addsPrefixSpace, piece.bytes.first != UInt8(ascii: " ") {
                piece.bytes = [UInt8(ascii: " ")] + piece.bytes
            }
            guard let pattern else { return [piece] }
            return SplitBehavior.isolated.pieces(
                of: piece, matches: try pattern.matches(in: piece.bytes))
        case .split(let pattern, let behavior, let isInverted):
            return behavior.pieces(
                of: piece, matches: try pattern.matches(in: piece.bytes), isInverted: isInverted)
        case .digits(let individually):
            let behavior: SplitBehavior = individually ? .isolated : .contiguous
            return behavior.pieces(of: piece, where: ScalarClass.isNumeric)
        case .metaspace(let rule):
            return try rule.pieces(of: piece)
        case .whitespace:
            return try Self.words(of: piece)
        case .whitespaceSplit:
            return SplitBehavior.removed.pieces(of: piece, where: ScalarClass.isSpace)
        case .punctuation(let behavior):
            return behavior.pieces(of: piece, where: ScalarClass.isPunctuation)
        case .sequence(let steps):
            return try steps.reduce([piece]) { pieces, step in
                try pieces.flatMap { try step.pieces(of: $0) }
            }
        }
    }

    /// Runs of word characters, and runs of what is neither word nor space.
    private static func words(of piece: TextPiece) throws -> [TextPiece] {
        SplitBehavior.removed.pieces(of: piece, where: ScalarClass.isSpace).flatMap {
            SplitBehavior.contiguous.pieces(of: $0, where: ScalarClass.isWord)
        }
    }
}

/// SentencePiece's way with spaces: they become a visible mark, at which the text is cut.
struct MetaspaceRule: Sendable {
    enum PrependScheme: String, Sendable {
        case always, never, first
    }

    /// The mark, U+2581 in practice.
    let replacement: [UInt8]
    let prependScheme: PrependScheme
    let splits: Bool

    /// - Throws: as `Pattern.matches(in:)`.
    func pieces(of piece: TextPiece) throws -> [TextPiece] {
        let space = TextPattern.literal([UInt8(ascii: " ")])
        var bytes = try space.replacing(Array(piece.bytes), with: replacement)
        let isPrepended =
            switch prependScheme {
            case .always: true
            case .first: piece.startsText
            case .never: false
            }
        if isPrepended, !bytes.starts(with: replacement) { bytes = replacement + bytes }
        let marked = TextPiece(bytes: bytes[...], startsText: piece.startsText)
        guard splits else { return [marked] }
        let marks = try TextPattern.literal(replacement).matches(in: marked.bytes)
        return SplitBehavior.mergedWithNext.pieces(of: marked, matches: marks)
    }
}
