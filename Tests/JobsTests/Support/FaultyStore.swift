import SpinDomain
import Storage
import Synchronization

/// A store that refuses one call when it is told to, and otherwise passes everything on.
struct FaultyStore: JobStore {
    /// The calls by which a runner writes.
    enum Call: CaseIterable {
        case transition, claim, setProgress, rewind, appendSamples, appendSteps, appendValidation
        case saveIteration, insertCheckpoint, deleteCheckpoint, appendEvent
    }

    /// What is to be refused, who looks on, and how often each call came.
    final class Faults: Sendable {
        private struct State {
            var next: (call: Call, code: SpinError.Code)?
            var counts: [Call: Int] = [:]
            var observer: (@Sendable (Call) -> Void)?
        }

        private let state = Mutex(State())

        /// The next such call fails.
        func refuse(_ call: Call, _ code: SpinError.Code) {
            state.withLock { $0.next = (call, code) }
        }

        /// Called before each call is passed on.
        func observe(_ observer: @escaping @Sendable (Call) -> Void) {
            state.withLock { $0.observer = observer }
        }

        func count(_ call: Call) -> Int { state.withLock { $0.counts[call] ?? 0 } }

        fileprivate func pass(_ call: Call) throws {
            let refusal = state.withLock { state -> SpinError.Code? in
                state.counts[call, default: 0] += 1
                guard let next = state.next, next.call == call else { return nil }
                state.next = nil
                return next.code
            }
            state.withLock { $0.observer }?(call)
            if let refusal { throw SpinError(refusal, "the disk is full") }
        }
    }

    private let store: SQLiteStore
    private let faults: Faults

    init(_ store: SQLiteStore, _ faults: Faults) {
        self.store = store
        self.faults = faults
    }

    var generation: Int { store.generation }

    func insert(_ job: Job, idempotency: IdempotencyKey?) throws -> (job: Job, isNew: Bool) {
        try store.insert(job, idempotency: idempotency)
    }
    func job(idempotency: IdempotencyKey) throws -> Job? {
        try store.job(idempotency: idempotency)
    }
    func job(_ id: String) throws -> Job { try store.job(id) }
    func jobs(status: JobStatus?, limit: Int, after: String?) throws -> Page<Job> {
        try store.jobs(status: status, limit: limit, after: after)
    }
    func queue(limit: Int, after: String?) throws -> Page<QueuedJob> {
        try store.queue(limit: limit, after: after)
    }
    func queuePosition(job id: String) throws -> Int? { try store.queuePosition(job: id) }
    func update(
        job id: String, version: Int?, queuePosition: Int?, idempotency: IdempotencyKey?,
        _ change: @Sendable (inout Job) throws -> Void
    ) throws -> Job {
        try store.update(
            job: id, version: version, queuePosition: queuePosition, idempotency: idempotency,
            change)
    }
    func transition(
        job id: String, to status: JobStatus, detail: String?, reason: PauseReason?,
        at time: Timestamp
    ) throws -> Job {
        try faults.pass(.transition)
        return try store.transition(
            job: id, to: status, detail: detail, reason: reason, at: time)
    }
    func claimNextJob(at time: Timestamp) throws -> Job? {
        try faults.pass(.claim)
        return try store.claimNextJob(at: time)
    }
    func setProgress(job id: String, _ progress: JobProgress) throws {
        try faults.pass(.setProgress)
        try store.setProgress(job: id, progress)
    }
    func delete(job id: String) throws { try store.delete(job: id) }
    func rewind(job id: String, to checkpoint: CheckpointRecord?) throws {
        try faults.pass(.rewind)
        try store.rewind(job: id, to: checkpoint)
    }
    func append(samples: [RolloutSample], job id: String) throws {
        try faults.pass(.appendSamples)
        try store.append(samples: samples, job: id)
    }
    func samples(
        job id: String, iteration: Int?, limit: Int, after: SampleCursor?
    ) throws -> Page<RolloutSample> {
        try store.samples(job: id, iteration: iteration, limit: limit, after: after)
    }
    func append(steps: [StepMetrics], job id: String) throws {
        try faults.pass(.appendSteps)
        try store.append(steps: steps, job: id)
    }
    func steps(
        job id: String, _ selection: StepSelection, limit: Int
    ) throws -> Page<StoredStep> {
        try store.steps(job: id, selection, limit: limit)
    }
    func stepRange(job id: String, _ selection: StepSelection) throws -> Range<Int>? {
        try store.stepRange(job: id, selection)
    }
    func lastStep(job id: String) throws -> StoredStep? { try store.lastStep(job: id) }
    func buckets(
        job id: String, names: [String], steps: Range<Int>, exponent: Int
    ) throws -> [[MetricBucket]] {
        try store.buckets(job: id, names: names, steps: steps, exponent: exponent)
    }
    func statistics() throws -> StoreStatistics { try store.statistics() }
    func append(validation: ValidationRecord, job id: String) throws {
        try faults.pass(.appendValidation)
        try store.append(validation: validation, job: id)
    }
    func validations(job id: String) throws -> [ValidationRecord] {
        try store.validations(job: id)
    }
    func save(iteration: IterationRecord, job id: String) throws {
        try faults.pass(.saveIteration)
        try store.save(iteration: iteration, job: id)
    }
    func iterations(job id: String) throws -> [IterationRecord] { try store.iterations(job: id) }
    func insert(checkpoint: CheckpointRecord) throws {
        try faults.pass(.insertCheckpoint)
        try store.insert(checkpoint: checkpoint)
    }
    func checkpoint(_ id: String) throws -> CheckpointRecord { try store.checkpoint(id) }
    func checkpoints(job id: String) throws -> [CheckpointRecord] {
        try store.checkpoints(job: id)
    }
    func checkpoint(path: String) throws -> CheckpointRecord? { try store.checkpoint(path: path) }
    func children(ofCheckpoint id: String) throws -> [String] {
        try store.children(ofCheckpoint: id)
    }
    func update(
        checkpoint id: String, _ change: @Sendable (inout CheckpointRecord) throws -> Void
    ) throws -> CheckpointRecord {
        try store.update(checkpoint: id, change)
    }
    func alerts(job id: String) throws -> [JobEvent] { try store.alerts(job: id) }
    func delete(checkpoint id: String) throws {
        try faults.pass(.deleteCheckpoint)
        try store.delete(checkpoint: id)
    }
    func append(event: JobEvent) throws {
        try faults.pass(.appendEvent)
        try store.append(event: event)
    }
    func events(job id: String, afterSequence: Int, limit: Int) throws -> Page<JobEvent> {
        try store.events(job: id, afterSequence: afterSequence, limit: limit)
    }
    func events(afterSequence: Int, limit: Int) throws -> Page<JobEvent> {
        try store.events(afterSequence: afterSequence, limit: limit)
    }
    func lastEventSequence() throws -> Int { try store.lastEventSequence() }
    func status(job id: String) throws -> JobStatus { try store.status(job: id) }
    func insert(webhook: Webhook) throws -> Webhook { try store.insert(webhook: webhook) }
    func webhook(_ id: String) throws -> Webhook { try store.webhook(id) }
    func webhooks() throws -> [Webhook] { try store.webhooks() }
    func delete(webhook id: String) throws { try store.delete(webhook: id) }
    func setDeliveries(of webhook: Webhook) throws { try store.setDeliveries(of: webhook) }
    func insert(model: ModelRecord) throws { try store.insert(model: model) }
    func model(_ name: String) throws -> ModelRecord { try store.model(name) }
    func models() throws -> [ModelRecord] { try store.models() }
    func delete(model name: String) throws { try store.delete(model: name) }
    func insert(dataset: DatasetRecord) throws { try store.insert(dataset: dataset) }
    func dataset(_ name: String) throws -> DatasetRecord { try store.dataset(name) }
    func datasets() throws -> [DatasetRecord] { try store.datasets() }
    func delete(dataset name: String) throws { try store.delete(dataset: name) }
}
