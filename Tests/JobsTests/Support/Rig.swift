import Dispatch
import Foundation
import Jobs
import SpinDomain
import Storage
import Synchronization
import Testing

/// A data folder with a store, a scripted engine and a runner.
final class Rig: Sendable {
    /// Long enough for a loaded machine; nothing waits for it unless something is broken.
    private static let deadlineSeconds = 60.0
    static let reserveBytes = 1000

    let folder: String
    /// The real one, whatever the runner was given.
    let store: any JobStore
    let engine = ScriptedEngine()
    let runner: JobRunner
    private let file: SQLiteStore
    private let changes: DispatchSemaphore

    /// - Parameters:
    ///   - folder: nil makes a new one, with a model and a data set registered.
    ///   - wrapping: puts something between runner and store.
    ///   - freeBytes: what is left on the disk.
    init(
        folder existing: String? = nil, wrapping: (SQLiteStore) -> any JobStore = { $0 },
        freeBytes: @escaping @Sendable () -> Int = { .max },
        clock: any SpinDomain.Clock = TickingClock()
    ) throws {
        folder =
            existing
            ?? FileManager.default.temporaryDirectory
            .appendingPathComponent("spind-jobs-\(UUID().uuidString)").path
        file = try SQLiteStore(dataFolder: folder)
        store = file
        let changes = DispatchSemaphore(value: 0)
        self.changes = changes
        runner = JobRunner(
            store: wrapping(file), engine: engine, dataFolder: folder, clock: clock,
            disk: DiskSpace(reserveBytes: Self.reserveBytes, freeBytes: freeBytes),
            retrySeconds: 0.01, log: { _, _, _ in changes.signal() })
        if existing == nil { try registerSources() }
    }

    deinit {
        runner.shutdown(deadlineSeconds: Self.deadlineSeconds)
        try? file.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func registerSources() throws {
        let time = Timestamp(microseconds: 0)
        try store.insert(
            model: ModelRecord(
                name: "tiny", path: "/models/tiny",
                summary: ModelSummary(
                    family: "llama", format: "gguf", parameters: 1, vocabularySize: 1,
                    contextLength: 1, layers: 1, channels: 1, bytes: 1, hasTokenizer: false,
                    hasChatTemplate: false), createdAt: time))
        try store.insert(
            dataset: DatasetRecord(
                name: "pairs", path: folder + "/datasets/pairs.jsonl",
                summary: DatasetSummary(
                    bytes: 1, rows: 6, forms: [:], duplicates: 0, emptyResponses: 0, badLines: 0,
                    problems: []), createdAt: time))
    }

    static func configuration(
        iterations: Int = 2, _ change: (inout JobConfiguration) -> Void = { _ in }
    ) -> JobConfiguration {
        var configuration = JobConfiguration(name: "game", model: "tiny", dataset: "pairs")
        configuration.spin.maxIterations = iterations
        configuration.checkpoint.keep = nil
        change(&configuration)
        return configuration
    }

    func submit(_ configuration: JobConfiguration = Rig.configuration()) throws -> String {
        try runner.submit(configuration: configuration, idempotency: nil).job.id
    }

    /// Waits until the runner has brought a job to one of these.
    @discardableResult
    func wait(
        _ id: String, for statuses: JobStatus..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Job {
        try wait(id, sourceLocation: sourceLocation) { statuses.contains($0.status) }
    }

    /// Waits until a job is as wanted; looks again whenever the runner says something.
    @discardableResult
    func wait(
        _ id: String, sourceLocation: SourceLocation = #_sourceLocation,
        until isAsWanted: (Job) -> Bool
    ) throws -> Job {
        let deadline = DispatchTime.now() + Self.deadlineSeconds
        while true {
            let job = try store.job(id)
            if isAsWanted(job) { return job }
            guard changes.wait(timeout: deadline) == .success else {
                Issue.record(
                    "the job stays \(job.status): \(job.statusDetail ?? "")",
                    sourceLocation: sourceLocation)
                return job
            }
        }
    }

    func events(_ id: String) throws -> [JobEvent] {
        try store.events(job: id, afterSequence: 0, limit: 10_000).elements
    }

    /// The data folder as a process would find it whose predecessor was killed just now.
    func copyOfFolder() throws -> String {
        let copy = folder + "-killed"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        for name in ["spind.sqlite", "spind.sqlite-wal", "checkpoints"]
        where FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
            try FileManager.default.copyItem(
                atPath: "\(folder)/\(name)", toPath: "\(copy)/\(name)")
        }
        return copy
    }
}

/// Goes on by 30 ms whenever it is asked, so that batches and intervals end now and then.
final class TickingClock: SpinDomain.Clock {
    private let time = Mutex(0)

    func now() -> Timestamp {
        time.withLock { time in
            time += 30_000
            return Timestamp(microseconds: time)
        }
    }
}

/// All that a finished game leaves in the store, but for times.
struct GameResult: Equatable {
    let steps: [StepMetrics]
    let samples: [RolloutSample]
    let validations: [ValidationRecord]
    let iterations: [IterationRecord]
    var lastCheckpointStep: Int?

    init(_ store: any JobStore, _ job: String) throws {
        steps = try store.steps(job: job, iteration: nil, afterStep: nil, limit: 10_000).elements
            .map { step in
                var step = step
                step.finishedAt = nil
                return step
            }
        samples = try store.samples(job: job, iteration: nil, limit: 10_000, after: nil).elements
        validations = try store.validations(job: job)
        iterations = try store.iterations(job: job).map { record in
            // Names the job by its id.
            var record = record
            record.referenceCheckpoint = record.referenceCheckpoint.map { _ in "there" }
            return record
        }
        lastCheckpointStep = try store.checkpoints(job: job).first?.step
    }

    /// Of a game of two iterations that nobody disturbed.
    static func undisturbed() throws -> GameResult { try reference.get() }

    private static let reference = Result {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .succeeded)
        return try GameResult(rig.store, job)
    }
}

/// - Returns: the error, for a look at its text.
@discardableResult
func expectCode<Value>(
    _ code: SpinError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Value
) -> SpinError? {
    do {
        _ = try body()
        Issue.record("expected the error \(code)", sourceLocation: sourceLocation)
        return nil
    } catch {
        let found = error as? SpinError
        #expect(found?.code == code, "\(error)", sourceLocation: sourceLocation)
        return found
    }
}
