/// Everything that one job has measured, as of one moment.
public protocol JobHistory {
    var job: Job { get }
    /// Ascending.
    var iterations: [IterationRecord] { get }
    /// Ascending by step.
    var validations: [ValidationRecord] { get }
    /// Ascending; no more than one row is in memory.
    func forEachStep(_ body: (StepMetrics) throws -> Void) throws
}
