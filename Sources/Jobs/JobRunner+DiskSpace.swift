import Dispatch
import SpinDomain
import Synchronization

extension JobRunner {
    /// Lets the jobs go on that a full disk has paused, as soon as there is space for them; looks
    /// again later when there is not.
    func resumeJobsWithSpace() {
        do {
            let isSomeLeft = try state.withLock { state in
                guard !state.isStopping else { return false }
                return try resumeJobs(needing: state.spaceNeeded)
            }
            if isSomeLeft { lookForSpaceLater() }
        } catch {
            log(.error, "jobs that wait for space cannot be read: \(error)", [:])
            lookForSpaceLater()
        }
        runQueuedJobs()
    }

    /// However often it is asked for, there is one look at a time to come.
    func lookForSpaceLater() {
        let isAsked = state.withLock { state in
            defer { state.isLookingForSpace = true }
            return state.isLookingForSpace || state.isStopping
        }
        guard !isAsked else { return }
        queue.asyncAfter(deadline: .now() + retrySeconds) {
            self.state.withLock { $0.isLookingForSpace = false }
            self.resumeJobsWithSpace()
        }
    }

    /// Remembers what the job needs, so that it does not go on before there is as much.
    /// - Throws: `diskFull`.
    func requireSpace(_ bytes: Int, for job: Job) throws {
        state.withLock { state in
            state.spaceNeeded[job.id] = max(bytes, state.spaceNeeded[job.id] ?? 0)
        }
        try disk.require(bytes, for: "the job")
    }

    /// - Returns: whether there are more.
    private func resumeJobs(needing spaceNeeded: [String: Int]) throws -> Bool {
        var waiting: [Job] = []
        try store.forEachJob(status: .paused) { job in
            if job.pauseReason == .diskFull { waiting.append(job) }
        }
        let ready = waiting.filter { disk.has(spaceNeeded[$0.id] ?? 0) }
        for job in ready.reversed() {
            _ = try store.transition(
                job: job.id, to: job.mayPlay ? .queued : .waiting,
                detail: "goes on: there is space on the disk again", at: clock.now())
            log(.info, "job goes on: there is space again", ["job": job.id])
        }
        return ready.count < waiting.count
    }
}
