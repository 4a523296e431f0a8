import DurableFiles
public import SpinDomain
import Synchronization

extension JobRunner {
    /// Removes a job that is not running, with its rows and checkpoints.
    /// - Throws: `conflict` when it runs, or when something else needs one of its checkpoints.
    public func delete(job id: String) throws {
        try state.withLock { _ in
            let job = try store.job(id)
            guard job.status != .running else {
                throw Self.conflict(job, "be deleted", hint: "cancel it first")
            }
            let users = try modelUsers()
            for checkpoint in try store.checkpoints(job: id) {
                try Self.refuseIfPinned(checkpoint)
                try Self.refuse(checkpoint, usedBy: users.user(of: checkpoint, besides: id))
            }
            try store.delete(job: id)
        }
        Failpoint.deletionStored.pass()
        try folders.remove(job: id)
    }

    /// Removes a checkpoint that nothing needs any more.
    /// - Throws: `conflict` when it is pinned, its job needs it to go on, or it is somebody's model.
    public func deleteCheckpoint(_ id: String) throws {
        let checkpoint = try state.withLock { _ in
            let checkpoint = try store.checkpoint(id)
            try Self.refuseIfPinned(checkpoint)
            let job = try store.job(checkpoint.jobID)
            if !job.status.isFinal {
                let siblings = try store.checkpoints(job: job.id)
                guard !Retention.neededToResume(siblings).contains(id) else {
                    throw SpinError(
                        .conflict, "the job '\(job.id)' needs the checkpoint '\(id)' to go on",
                        hint: "cancel the job, or wait for its next checkpoint")
                }
            }
            try Self.refuse(checkpoint, usedBy: modelUsers().user(of: checkpoint, besides: nil))
            try forget(checkpoint)
            return checkpoint
        }
        try folders.remove(checkpoint.path)
    }

    /// Deletes what the job's `checkpoint` section does not keep: rows first, then folders.
    func retain(_ job: Job) throws {
        let known = try state.withLock { _ in
            let users = try modelUsers()
            let checkpoints = try store.checkpoints(job: job.id)
            let removable = Retention.removable(
                checkpoints, options: job.configuration.checkpoint
            ).filter { users.user(of: $0, besides: nil) == nil }
            for checkpoint in removable { try forget(checkpoint) }
            return checkpoints.filter { !removable.contains($0) }.map(\.path)
        }
        Failpoint.retentionStored.pass()
        // Those without a row, also one that the same step had saved before.
        for path in folders.strangers(job: job.id, known: known) {
            do {
                try folders.remove(path)
            } catch {
                // No reason to end the run: the next start tries again.
                try warn(job.id, "a deleted checkpoint still takes space: \(error)")
            }
        }
    }

    /// Pins or unpins a checkpoint, and writes down why; under the lock, so that no retention
    /// deletes what is pinned at this moment.
    /// - Parameter note: `.some(nil)` removes it.
    public func changeCheckpoint(
        _ id: String, isPinned: Bool?, note: String??
    ) throws -> CheckpointRecord {
        try state.withLock { _ in
            try store.update(checkpoint: id) { checkpoint in
                if let isPinned { checkpoint.isPinned = isPinned }
                if let note { checkpoint.note = note }
            }
        }
    }

    private static func refuseIfPinned(_ checkpoint: CheckpointRecord) throws {
        guard checkpoint.isPinned else { return }
        throw SpinError(
            .conflict, "the checkpoint '\(checkpoint.id)' is pinned",
            hint: "PATCH /v1/checkpoints/\(checkpoint.id) with {\"pinned\": false} first")
    }

    private func forget(_ checkpoint: CheckpointRecord) throws {
        try store.delete(checkpoint: checkpoint.id)
        try store.append(
            event: JobEvent(
                jobID: checkpoint.jobID, time: clock.now(), type: "checkpoint.deleted",
                message: "the checkpoint of step \(checkpoint.step) was deleted",
                data: ["checkpoint": .string(checkpoint.id), "step": .integer(checkpoint.step)]))
    }

    private static func refuse(_ checkpoint: CheckpointRecord, usedBy user: String?) throws {
        guard let user else { return }
        throw SpinError(
            .conflict, "the checkpoint '\(checkpoint.id)' is used by \(user)",
            hint: "delete that first, or let it end")
    }

    private func modelUsers() throws -> ModelUsers {
        var users = ModelUsers()
        for model in try store.models() {
            users.add("the registered model '\(model.name)'", path: model.path, job: nil)
        }
        for status in JobStatus.allCases where !status.isFinal {
            try store.forEachJob(status: status) { job in
                users.add("the job '\(job.id)'", path: job.sources.modelPath, job: job.id)
            }
        }
        return users
    }
}

/// Who reads which model path.
struct ModelUsers {
    private var users: [(path: String, name: String, job: String?)] = []

    mutating func add(_ name: String, path: String, job: String?) {
        users.append((CheckpointFolders.normalised(path), name, job))
    }

    /// - Parameter besides: a job that does not count.
    func user(of checkpoint: CheckpointRecord, besides job: String?) -> String? {
        let path = CheckpointFolders.normalised(checkpoint.path)
        return users.first { $0.path == path && (job == nil || $0.job != job) }?.name
    }
}

extension JobStore {
    /// Visits the jobs of a status, or all of them, newest first, however many there are.
    func forEachJob(status: JobStatus?, _ visit: (Job) throws -> Void) throws {
        var last: String?
        while true {
            let page = try jobs(status: status, limit: 200, after: last)
            for job in page.elements { try visit(job) }
            guard page.hasMore, let next = page.elements.last?.id else { return }
            last = next
        }
    }
}
