import MicroHTTP
import SpinDomain
import Synchronization

/// What listeners are told without a place in the log: where a running job is.
///
/// It is not stored and has no id, so a client that comes back gets the present state instead of
/// what it missed.
struct Notice: Sendable {
    var job: String
    /// An event as it is sent, encoded once for all listeners.
    var bytes: [UInt8]
    /// Whether it was not yet so at the look before.
    var isNew: Bool
}

/// Compares the running jobs with what was told of them last.
final class NoticeBoard: Sendable {
    private struct Told {
        var version: Int
        var progress: JobProgress
        /// Of the last step's row.
        var sequence: Int?
    }

    private static let maximumJobs = 50
    private let store: any JobStore
    private let told = Mutex<[String: Told]>([:])

    init(store: any JobStore) {
        self.store = store
    }

    /// Nobody listens any more.
    func forget() { told.withLock { $0 = [:] } }

    /// The present state of every running job, and of those that ran until now.
    func look() -> [Notice] {
        told.withLock { told in
            guard
                var jobs = try? store.jobs(
                    status: .running, limit: Self.maximumJobs, after: nil
                ).elements
            else { return [] }
            let running = Set(jobs.map(\.id))
            for id in told.keys where !running.contains(id) {
                // Deleted jobs are not there any more.
                if let job = try? store.job(id) { jobs.append(job) }
            }
            let notices = jobs.flatMap { compare($0, &told) }
            told = told.filter { running.contains($0.key) }
            return notices
        }
    }

    private func compare(_ job: Job, _ told: inout [String: Told]) -> [Notice] {
        let last = told[job.id]
        let step = try? store.lastStep(job: job.id)
        told[job.id] = Told(
            version: job.version, progress: job.progress, sequence: step?.sequence)
        var notices = [
            Notice(
                job: job.id, bytes: Self.progress(job).encoded,
                isNew: last?.version != job.version || last?.progress != job.progress)
        ]
        if let step {
            notices.append(
                Notice(
                    job: job.id, bytes: Self.metrics(job.id, step).encoded,
                    isNew: last?.sequence != step.sequence))
        }
        return notices
    }

    private static func progress(_ job: Job) -> ServerSentEvent {
        let data: JSONValue = [
            "object": "job.progress", "job": .string(job.id),
            "status": .string(job.status.rawValue), "version": .integer(job.version),
            "progress": job.progressJSON,
        ]
        return ServerSentEvent(data: data.text, name: "progress")
    }

    private static func metrics(_ job: String, _ step: StoredStep) -> ServerSentEvent {
        let data: JSONValue = [
            "object": "job.metrics", "job": .string(job), "after_seq": .integer(step.sequence),
            "last": step.metrics.json,
        ]
        return ServerSentEvent(data: data.text, name: "metrics")
    }
}
