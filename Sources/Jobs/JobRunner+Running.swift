import Dispatch
import SpinDomain
import Synchronization

extension JobRunner {
    /// Runs what is queued until nothing is left; on the runner's own queue.
    func runQueuedJobs() {
        while let run = claim() {
            log(.info, "job started", ["job": run.job.id])
            settle(run, Result { try play(run) })
        }
    }

    private func claim() -> CurrentRun? {
        guard disk.has(0) else {
            lookForSpaceLater()
            return nil
        }
        do {
            return try state.withLock { state in
                guard state.isStarted, !state.isStopping, state.current == nil,
                    let job = try store.claimNextJob(at: clock.now())
                else { return nil }
                let run = CurrentRun(
                    job: job,
                    control: RunControl(
                        allowedIterations: job.allowedIterations, allowedSteps: job.allowedSteps,
                        klPenalty: job.configuration.spin.refPolicyKLPenalty))
                state.current = run
                running.enter()
                return run
            }
        } catch {
            log(.error, "the queue cannot be read: \(error)", [:])
            queue.asyncAfter(deadline: .now() + retrySeconds) { self.runQueuedJobs() }
            return nil
        }
    }

    /// Plays a job from its newest checkpoint; a damaged one is set aside, and the one before it
    /// is taken, or the beginning.
    private func play(_ run: CurrentRun) throws -> RunOutcome {
        let job = run.job
        let plan = RunPlan(
            jobID: job.id, configuration: job.configuration, sources: job.sources,
            checkpointFolder: folders.folder(job: job.id))
        try folders.make(job: job.id)
        while true {
            let checkpoint = try store.checkpoints(job: job.id).first
            try store.rewind(job: job.id, to: checkpoint)
            let recorder = try RunRecorder(
                job, from: checkpoint, control: run.control, store: store, clock: clock,
                requireSpace: { try self.requireSpace($0, for: job) },
                checkpointSaved: { try self.retain(job) })
            do {
                let outcome = try engine.run(
                    plan, from: checkpoint,
                    archive: StoredRollouts(store: store, jobID: job.id), control: run.control,
                    report: recorder.record)
                try recorder.finish()
                return outcome
            } catch {
                // The metrics up to the failure help to explain it; its own error matters more
                // than one from writing them.
                _ = Result {
                    try recorder.finish()
                    try recorder.runFailed(error)
                }
                guard let checkpoint, isDamage(error, recorder, plan) else { throw error }
                try setAside(checkpoint, error)
            }
        }
    }

    /// Whether the checkpoint is to blame: the run had not begun, and all else can be read.
    private func isDamage(_ error: any Error, _ recorder: RunRecorder, _ plan: RunPlan) -> Bool {
        guard (error as? SpinError)?.code == .damagedFile, !recorder.hasAdvanced else {
            return false
        }
        return (try? engine.check(plan)) != nil
    }

    private func setAside(_ checkpoint: CheckpointRecord, _ error: any Error) throws {
        try store.delete(checkpoint: checkpoint.id)
        let path = try folders.setAside(checkpoint.path)
        try warn(
            checkpoint.jobID,
            "the checkpoint of step \(checkpoint.step) is damaged (\(error)); the run goes on from "
                + "the one before" + (path.map { "; it was renamed to \($0)" } ?? ""))
    }

    /// Writes down how a run ended, and tries again when the store cannot take it.
    private func settle(_ run: CurrentRun, _ result: Result<RunOutcome, any Error>) {
        do {
            let (status, reason) = try state.withLock { state in
                let job = try store.job(run.job.id)
                let ending = RunEnding(
                    result, request: run.control.request,
                    isResumeAsked: state.current?.isResumeAsked ?? false,
                    isAllowedMore: job.isAllowedMore,
                    isAutomatic: job.configuration.mode == .auto)
                for status in ending.path(from: job.status) {
                    _ = try store.transition(
                        job: run.job.id, to: status, detail: ending.detail,
                        reason: ending.reason, at: clock.now())
                }
                state.current = nil
                if ending.reason != .diskFull { state.spaceNeeded[run.job.id] = nil }
                return (ending.path.last, ending.reason)
            }
            running.leave()
            log(.info, "job stopped", ["job": run.job.id, "status": status?.rawValue ?? ""])
            if reason == .diskFull { lookForSpaceLater() }
        } catch {
            log(.error, "the end of a run cannot be stored: \(error)", ["job": run.job.id])
            settleLater(run, result)
        }
    }

    /// When the process is about to end, the next start puts the job right.
    private func settleLater(_ run: CurrentRun, _ result: Result<RunOutcome, any Error>) {
        guard !state.withLock({ $0.isStopping }) else { return running.leave() }
        queue.asyncAfter(deadline: .now() + retrySeconds) {
            self.settle(run, result)
            self.runQueuedJobs()
        }
    }
}

/// The samples that a job has stored.
struct StoredRollouts: RolloutArchive {
    let store: any JobStore
    let jobID: String

    func samples(iteration: Int) throws -> [RolloutSample] {
        var samples: [RolloutSample] = []
        var cursor: SampleCursor?
        while true {
            let page = try store.samples(
                job: jobID, iteration: iteration, limit: 4096, after: cursor)
            samples += page.elements
            guard page.hasMore, let last = page.elements.last else { return samples }
            cursor = SampleCursor(iteration: last.iteration, index: last.index)
        }
    }
}
