/// Where everything that must survive lies; the runner writes, HTTP reads, neither waits for the other.
///
/// Every method is synchronous and safe to call from any thread. A call that returns has made its
/// effect durable. Missing things are `notFound`, illegal changes `conflict`, a full disk `diskFull`.
public protocol JobStore:
    RegistrationStore, MetricsStore, EventStore, QueueStore, LineageStore, AlertStore, WebhookStore
{
    /// Differs after every call that may have stored something: what was made of the store's
    /// contents alone holds for as long as this stays the same.
    var generation: Int { get }

    // Jobs

    /// Stores a new job with its `job.created` event.
    ///
    /// - Returns: the new job, or the one that an earlier call with the same key stored.
    /// - Throws: `keyReused` when the key was used for another request.
    func insert(_ job: Job, idempotency: IdempotencyKey?) throws -> (job: Job, isNew: Bool)
    /// The job that an earlier request with this key made or changed; nil when there is none, or
    /// when it was a day ago.
    /// - Throws: `keyReused` when the key was used for another request.
    func job(idempotency: IdempotencyKey) throws -> Job?
    func job(_ id: String) throws -> Job
    /// Newest first; `after` is the last id of the page before.
    func jobs(status: JobStatus?, limit: Int, after: String?) throws -> Page<Job>
    /// Moves a job along an edge of `JobStatus`, with its `job.<status>` event, in one transaction.
    /// - Parameter reason: of a pause that ends by itself.
    /// - Throws: `conflict` naming the present status when there is no such edge.
    func transition(
        job id: String, to status: JobStatus, detail: String?, reason: PauseReason?,
        at time: Timestamp
    ) throws -> Job
    /// The first job of the queue, now `running`; nil when there is none.
    func claimNextJob(at time: Timestamp) throws -> Job?
    func setProgress(job id: String, _ progress: JobProgress) throws
    /// Removes a job that is not running, with all its rows; its checkpoint folders are the caller's.
    func delete(job id: String) throws

    // A run's records

    /// Forgets what lies after the checkpoint a run goes on from: metric, validation and iteration
    /// rows of later steps. Rollouts stay, since the same policy would write them again.
    func rewind(job id: String, to checkpoint: CheckpointRecord?) throws
    func append(samples: [RolloutSample], job id: String) throws
    func samples(
        job id: String, iteration: Int?, limit: Int, after: SampleCursor?
    ) throws -> Page<RolloutSample>
    /// Replaces rows of the same step, never doubles them.
    func append(steps: [StepMetrics], job id: String) throws
    func append(validation: ValidationRecord, job id: String) throws
    func validations(job id: String) throws -> [ValidationRecord]
    func save(iteration: IterationRecord, job id: String) throws
    func iterations(job id: String) throws -> [IterationRecord]

    // Checkpoints

    /// A checkpoint that the job saves a second time replaces the first.
    func insert(checkpoint: CheckpointRecord) throws
    func checkpoint(_ id: String) throws -> CheckpointRecord
    /// Newest first.
    func checkpoints(job id: String) throws -> [CheckpointRecord]
    func delete(checkpoint id: String) throws

    // Events

    func append(event: JobEvent) throws
    /// Ascending by sequence.
    func events(job id: String, afterSequence: Int, limit: Int) throws -> Page<JobEvent>
}

extension JobStore {
    public func transition(
        job id: String, to status: JobStatus, detail: String?, at time: Timestamp
    ) throws -> Job {
        try transition(job: id, to: status, detail: detail, reason: nil, at: time)
    }
}

/// Models and data sets by name.
public protocol RegistrationStore: Sendable {
    /// - Throws: `conflict` when the name is taken by another path.
    func insert(model: ModelRecord) throws
    func model(_ name: String) throws -> ModelRecord
    func models() throws -> [ModelRecord]
    func delete(model name: String) throws
    /// - Throws: `conflict` when the name is taken.
    func insert(dataset: DatasetRecord) throws
    func dataset(_ name: String) throws -> DatasetRecord
    func datasets() throws -> [DatasetRecord]
    /// - Throws: `conflict` when a job that is not finished uses it.
    func delete(dataset name: String) throws
}

/// A slice of a longer list.
public struct Page<Element: Sendable>: Sendable {
    public var elements: [Element]
    public var hasMore: Bool

    public init(elements: [Element], hasMore: Bool) {
        self.elements = elements
        self.hasMore = hasMore
    }
}

/// A client's promise that two requests are the same; kept for a day.
public struct IdempotencyKey: Sendable, Equatable {
    public static let lifetimeSeconds = 24.0 * 3600

    public var key: String
    /// The id of the API key that was shown with it; empty without one.
    ///
    /// Every API key has idempotency keys of its own.
    public var apiKey: String
    /// What was asked for: method, path and the meaning of the body.
    public var fingerprint: String
    /// When the request came.
    public var time: Timestamp

    public init(key: String, apiKey: String = "", fingerprint: String, time: Timestamp) {
        self.key = key
        self.apiKey = apiKey
        self.fingerprint = fingerprint
        self.time = time
    }

    /// Keys from before this moment are forgotten.
    public var oldestKept: Timestamp { moved(bySeconds: -Self.lifetimeSeconds) }
    /// Keys from after it too: a clock, since set back, dated them far into the future.
    public var newestKept: Timestamp { moved(bySeconds: Self.lifetimeSeconds) }

    private func moved(bySeconds seconds: Double) -> Timestamp {
        Timestamp(microseconds: time.microseconds + Int(seconds * 1e6))
    }
}

/// A place in a job's samples.
public struct SampleCursor: Sendable, Equatable {
    public var iteration: Int
    public var index: Int

    public init(iteration: Int, index: Int) {
        self.iteration = iteration
        self.index = index
    }
}
