import DurableFiles
import SpinDomain

extension JobRunner {
    /// Puts the store right after a process that ended without a word.
    func recover() throws {
        try requeueLostRuns()
        Failpoint.runsRequeued.pass()
        var jobs: Set<String> = []
        try store.forEachJob(status: nil) { job in
            jobs.insert(job.id)
            try reconcile(job)
        }
        try removeFoldersOfUnknownJobs(known: jobs)
        Failpoint.recovered.pass()
    }

    private func requeueLostRuns() throws {
        try store.forEachJob(status: .running) { job in
            try store.append(
                event: JobEvent(
                    jobID: job.id, time: clock.now(), type: "job.recovered", level: .warning,
                    message: "the process that ran the job ended without stopping it"))
            let next: JobStatus =
                switch job.askedFor {
                case .cancel: .cancelled
                case .pause: .paused
                case nil: .queued
                }
            let detail = "goes on after the process that ran it ended"
            _ = try store.transition(
                job: job.id, to: next, detail: next == .queued ? detail : nil, at: clock.now())
            log(.warning, "job recovered", ["job": job.id])
        }
        // `step` raises the allowance first, and may not have come to the queue.
        try store.forEachJob(status: .waiting) { job in
            guard job.mayPlay else { return }
            _ = try store.transition(job: job.id, to: .queued, detail: nil, at: clock.now())
        }
    }

    /// Rows without folder go, and folders without row.
    private func reconcile(_ job: Job) throws {
        var known: [String] = []
        for checkpoint in try store.checkpoints(job: job.id) {
            if CheckpointFolders.exists(checkpoint.path) {
                known.append(checkpoint.path)
                continue
            }
            try store.delete(checkpoint: checkpoint.id)
            try warn(job.id, "the folder of the checkpoint '\(checkpoint.id)' is gone")
        }
        for path in folders.strangers(job: job.id, known: known) {
            try folders.remove(path)
            log(.info, "unfinished checkpoint removed", ["job": job.id, "path": path])
        }
    }

    /// A store without jobs beside full folders looks like a lost database: then all stays.
    private func removeFoldersOfUnknownJobs(known: Set<String>) throws {
        for name in folders.jobs() where !known.contains(name) {
            let path = folders.folder(job: name)
            guard !known.isEmpty, name.hasPrefix("job_") else {
                log(.warning, "a checkpoint folder belongs to no job", ["path": path])
                continue
            }
            try folders.remove(job: name)
            log(.info, "checkpoints of a deleted job removed", ["job": name])
        }
    }

    func warn(_ jobID: String, _ message: String) throws {
        try store.append(
            event: JobEvent(
                jobID: jobID, time: clock.now(), type: "warning", level: .warning,
                message: message))
        log(.warning, message, ["job": jobID])
    }
}
