/// The order of the jobs that wait for the machine, and what may be changed of any job.
///
/// Positions count from 1, the next to run. A job keeps its place while it is not queued.
public protocol QueueStore: Sendable {
    /// In the order in which they will run; `after` is the last id of the page before.
    func queue(limit: Int, after: String?) throws -> Page<QueuedJob>
    /// Nil for a job that is not queued.
    func queuePosition(job id: String) throws -> Int?
    /// Changes name, labels, priority, iterations, KL penalty or learning rate of a configuration,
    /// allowances, status detail, pause reason or what was asked for; other changes are ignored.
    ///
    /// - Parameters:
    ///   - version: nil, or the version that the row must have (`conflict` otherwise).
    ///   - queuePosition: where to put a queued job, nil to leave it where it is; between jobs of
    ///     another priority it takes the nearest that lets it stand there.
    ///   - idempotency: a key that must be new; it is stored with the change.
    func update(
        job id: String, version: Int?, queuePosition: Int?, idempotency: IdempotencyKey?,
        _ change: @Sendable (inout Job) throws -> Void
    ) throws -> Job
}

extension QueueStore {
    public func update(
        job id: String, version: Int?, queuePosition: Int? = nil,
        idempotency: IdempotencyKey? = nil, _ change: @Sendable (inout Job) throws -> Void
    ) throws -> Job {
        try update(
            job: id, version: version, queuePosition: queuePosition, idempotency: idempotency,
            change)
    }
}

/// A job and its place in the queue.
public struct QueuedJob: Sendable, Equatable {
    public var job: Job
    public var position: Int

    public init(job: Job, position: Int) {
        self.job = job
        self.position = position
    }
}
