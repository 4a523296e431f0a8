/// The rows (tokens) of one micro-batch, packed without padding; a row is one token's place in every layer.
///
/// A pair is three segments: the prompt, then the actual and the generated response, both after
/// the prompt. The prompt's keys and values are so computed once.
public struct PackedRows: Sendable {
    /// Rows that attend causally among themselves and to all of `prefix`, which was packed before.
    ///
    /// `prefix` is empty, or the whole or leading rows of a segment that has no prefix itself.
    public struct Segment: Sendable {
        public let rows: Range<Int>
        public let prefix: Range<Int>
    }

    public private(set) var tokens: [Int32] = []
    /// Each token's place in its own sequence, shared tokens and prefix included.
    public private(set) var positions: [Int32] = []
    public private(set) var segments: [Segment] = []
    /// Tokens that all sequences begin with and that have no rows here; see `TrainingPass.share`.
    public let sharedCount: Int

    public init(afterShared sharedCount: Int = 0) {
        self.sharedCount = sharedCount
    }

    public var count: Int { tokens.count }

    /// Packs one more segment; its positions continue after the shared tokens and the prefix.
    ///
    /// - Returns: the rows of the segment.
    @discardableResult
    public mutating func append(_ tokens: [Int32], after prefix: Range<Int> = 0..<0) -> Range<Int> {
        precondition(
            prefix.isEmpty || segments.contains { $0.isRoot && $0.leads(with: prefix) },
            "PackedRows.append: \(prefix) does not lead a segment without prefix")
        let rows = count..<count + tokens.count
        self.tokens += tokens
        positions += tokens.indices.map { Int32(sharedCount + prefix.count + $0) }
        segments.append(Segment(rows: rows, prefix: prefix))
        return rows
    }

    /// Segments that share keys: one without prefix, and all that follow it, in packed order.
    func families() -> [[Segment]] {
        var families: [[Segment]] = []
        for segment in segments {
            let root = families.firstIndex { family in
                family.first.map { $0.leads(with: segment.prefix) } ?? false
            }
            if let root, !segment.isRoot {
                families[root].append(segment)
            } else {
                families.append([segment])
            }
        }
        return families
    }
}

extension PackedRows.Segment {
    fileprivate var isRoot: Bool { prefix.isEmpty }

    fileprivate func leads(with prefix: Range<Int>) -> Bool {
        prefix.lowerBound == rows.lowerBound && prefix.upperBound <= rows.upperBound
    }
}

/// One scored token: the log-probability of `token` given everything up to and including `row`.
///
/// Several targets may share a row: both responses of a pair begin after the last prompt row.
public struct ScoredTarget: Sendable {
    public let row: Int
    public let token: Int32

    public init(row: Int, token: Int32) {
        self.row = row
        self.token = token
    }
}
