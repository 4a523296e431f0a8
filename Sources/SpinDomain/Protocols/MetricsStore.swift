/// A job's measurements, row by row and in buckets, and what the whole store holds.
///
/// Reads only; `JobStore.append(steps:job:)` writes. An unknown job is `notFound`.
public protocol MetricsStore: Sendable {
    /// Rows ascending by step, or by sequence where the selection has `afterSequence`.
    func steps(job id: String, _ selection: StepSelection, limit: Int) throws -> Page<StoredStep>
    /// From the first to behind the last step of a selection; nil when it holds no row.
    func stepRange(job id: String, _ selection: StepSelection) throws -> Range<Int>?
    /// The row of the highest step; nil before the first.
    func lastStep(job id: String) throws -> StoredStep?
    /// For each name its buckets that hold a value, ascending, each 2^exponent steps wide.
    ///
    /// Only steps of the range count. A bucket's bits do not depend on what other buckets hold.
    /// - Parameter names: of `StepMetrics.names`.
    func buckets(
        job id: String, names: [String], steps: Range<Int>, exponent: Int
    ) throws -> [[MetricBucket]]
    /// What the store as a whole holds and costs.
    func statistics() throws -> StoreStatistics
}

/// Which of a job's steps are wanted.
public struct StepSelection: Sendable, Equatable {
    /// An iteration's steps follow one another without gap.
    public var iterations: ClosedRange<Int>?
    /// Both exclusive.
    public var afterStep: Int?
    public var beforeStep: Int?
    /// Only rows written after the one of this sequence.
    public var afterSequence: Int?
    /// Only steps that this divides.
    public var every = 1

    public init() {}
}

/// A row and its place among all that were ever written for its job.
public struct StoredStep: Sendable, Equatable {
    /// From 1; grows with every write, so that a row written again has a new one.
    public var sequence: Int
    public var metrics: StepMetrics

    public init(sequence: Int, metrics: StepMetrics) {
        self.sequence = sequence
        self.metrics = metrics
    }
}

extension MetricsStore {
    /// Rows with `step > afterStep`, ascending.
    public func steps(
        job id: String, iteration: Int?, afterStep: Int?, limit: Int
    ) throws -> Page<StepMetrics> {
        var selection = StepSelection()
        selection.iterations = iteration.map { $0...$0 }
        selection.afterStep = afterStep
        let page = try steps(job: id, selection, limit: limit)
        return Page(elements: page.elements.map(\.metrics), hasMore: page.hasMore)
    }
}
