import SpinDomain

/// The buckets of some metrics of one job.
struct BucketsPage: Sendable {
    /// Every metric can be put in buckets but the step itself.
    let names: [String]
    /// A bucket is 2^exponent steps wide.
    let exponent: Int
    /// For each name.
    let buckets: [[MetricBucket]]

    /// The narrowest width, a power of two, at which no range has more than so many buckets.
    ///
    /// Edges are multiples of the width, so a range may touch one bucket more than it would fill.
    static func exponent(for ranges: [Range<Int>], atMost count: Int) -> Int {
        let fits = { (exponent: Int) in
            ranges.allSatisfy { range in
                (range.upperBound - 1) >> exponent - range.lowerBound >> exponent < count
            }
        }
        return (0..<Int.bitWidth - 1).first(where: fits) ?? 0
    }

    /// - Parameters:
    ///   - range: the steps; nil when there are none.
    ///   - exponent: of the width.
    init(
        _ query: MetricsQuery, job id: String, range: Range<Int>?, exponent: Int,
        store: any JobStore
    ) throws {
        names = query.columns.filter { $0 != .step }.map(\.rawValue)
        self.exponent = exponent
        guard let range else {
            buckets = names.map { _ in [] }
            return
        }
        buckets = try store.buckets(job: id, names: names, steps: range, exponent: exponent)
    }

    /// Those of one job, at the width that fits it.
    init(_ query: MetricsQuery, atMost count: Int, job id: String, store: any JobStore) throws {
        let range = try store.stepRange(job: id, query.selection)
        let exponent = Self.exponent(for: range.map { [$0] } ?? [], atMost: count)
        try self.init(query, job: id, range: range, exponent: exponent, store: store)
    }
}
