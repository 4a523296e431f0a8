import DurableFiles
public import SpinDomain
import Synchronization

extension JobRunner {
    /// Allows a manual job `iterations` more iterations, as far as the configuration goes; one that
    /// has begun counts as the first of them.
    /// - Parameter idempotency: a request that came before with this key is not repeated.
    /// - Throws: `conflict` when all have been asked for, or the status forbids it; `keyReused`.
    public func step(
        job id: String, iterations: Int, idempotency: IdempotencyKey? = nil
    ) throws -> Job {
        try Self.checkCount(iterations, "/iterations")
        return try advance(job: id, idempotency) { job in
            let played = max(job.allowedIterations, job.progress.iteration)
            let left = job.configuration.spin.maxIterations - played
            guard left > 0 else {
                throw SpinError(
                    .conflict,
                    "all \(played) iterations of the job '\(job.id)' are played or asked for",
                    hint: "PATCH /v1/jobs/\(job.id) raises spin.max_iterations")
            }
            job.allowedIterations = played + min(left, iterations)
        }
    }

    /// Allows a manual job `steps` more optimizer steps; at an iteration's end they go on in the
    /// next one.
    /// - Parameter idempotency: a request that came before with this key is not repeated.
    /// - Throws: `conflict` when all have been asked for, iterations are still to be played, or the
    ///   status forbids it; `keyReused`.
    public func step(
        job id: String, steps: Int, idempotency: IdempotencyKey? = nil
    ) throws -> Job {
        try Self.checkCount(steps, "/steps")
        return try advance(job: id, idempotency) { job in
            guard job.progress.iteration >= job.allowedIterations else {
                throw Self.conflict(
                    job, "be stepped by steps while it plays the iterations it was asked for",
                    hint: "ask for steps when it waits again")
            }
            let done = max(job.allowedSteps, job.progress.step)
            if let total = job.progress.totalSteps, total > 0, done >= total {
                throw SpinError(
                    .conflict, "all \(total) steps of the job '\(job.id)' are done or asked for",
                    hint: "PATCH /v1/jobs/\(job.id) raises spin.max_iterations")
            }
            job.allowedSteps = done + min(steps, Self.mostSteps)
        }
    }

    /// More than any game has.
    private static let mostSteps = 1 << 40

    private static func checkCount(_ count: Int, _ pointer: String) throws {
        guard count < 1 else { return }
        throw SpinError.invalid(
            "the request", problems: [.init(pointer: pointer, detail: "expected at least 1")])
    }

    private func advance(
        job id: String, _ idempotency: IdempotencyKey?, _ allow: (inout Job) throws -> Void
    ) throws -> Job {
        try command(id) { state, job in
            if let idempotency, let earlier = try store.job(idempotency: idempotency) {
                return earlier
            }
            try Self.checkCanBeStepped(job)
            var asked = job
            try allow(&asked)
            let (iterations, steps) = (asked.allowedIterations, asked.allowedSteps)
            let control = job.status == .running ? try Self.current(job, in: state).control : nil
            let raised = try store.update(job: id, version: nil, idempotency: idempotency) { job in
                (job.allowedIterations, job.allowedSteps) = (iterations, steps)
            }
            Failpoint.stepAllowed.pass()
            control?.allow(iterations: iterations, steps: steps)
            guard job.status == .waiting else { return raised }
            return try store.transition(job: id, to: .queued, detail: nil, at: clock.now())
        }
    }

    private static func checkCanBeStepped(_ job: Job) throws {
        guard job.configuration.mode == .manual else {
            throw conflict(job, "be stepped", hint: "only jobs of mode manual can")
        }
        switch job.status {
        case .waiting, .queued, .running: return
        case .paused:
            throw conflict(
                job, "be stepped", hint: "POST /v1/jobs/\(job.id)/resume lets it go on first")
        case .succeeded:
            throw conflict(
                job, "be stepped", hint: "PATCH /v1/jobs/\(job.id) raises spin.max_iterations")
        case .failed, .cancelled:
            throw conflict(
                job, "be stepped", hint: "POST /v1/jobs/\(job.id)/retry lets it go on first")
        }
    }

    /// Stops a job behind its last whole step; a running one is `paused` a little after the call.
    /// - Throws: `conflict` when the job has ended.
    public func pause(job id: String) throws -> Job {
        try command(id) { state, job in
            switch job.status {
            case .paused where job.pauseReason == nil: return job
            case .paused:
                // From now on it waits for a person, not for the disk.
                return try store.update(job: id, version: nil) { job in
                    job.pauseReason = nil
                    job.statusDetail = nil
                }
            case .queued, .waiting:
                return try store.transition(job: id, to: .paused, detail: nil, at: clock.now())
            case .running:
                let control = try Self.current(job, in: state).control
                control.ask(.pause)
                state.current?.isResumeAsked = false
                return control.request == .cancel
                    ? job : try note("pause requested", .pause, on: job)
            case .succeeded, .failed, .cancelled: throw Self.conflict(job, "be paused")
            }
        }
    }

    /// Lets a paused job go on.
    /// - Throws: `conflict` when the job is not paused; a queued or running one is returned as is.
    public func resume(job id: String) throws -> Job {
        try command(id) { state, job in
            switch job.status {
            case .queued: return job
            case .running:
                guard try Self.current(job, in: state).control.request == .pause else { return job }
                state.current?.isResumeAsked = true
                return try note("goes on after the pause", nil, on: job)
            case .paused:
                return try store.transition(
                    job: id, to: job.mayPlay ? .queued : .waiting, detail: nil, at: clock.now())
            case .waiting:
                throw Self.conflict(
                    job, "be resumed", hint: "POST /v1/jobs/\(id)/step lets it play on")
            case .succeeded: throw Self.conflict(job, "be resumed")
            case .failed, .cancelled:
                throw Self.conflict(
                    job, "be resumed", hint: "POST /v1/jobs/\(id)/retry lets it go on")
            }
        }
    }

    /// Saves a checkpoint of a running job at its next step boundary.
    /// - Throws: `conflict` when the job is not running.
    public func saveCheckpoint(job id: String) throws -> Job {
        try command(id) { state, job in
            guard job.status == .running else {
                throw Self.conflict(
                    job, "save a checkpoint now",
                    hint: job.status == .queued
                        ? "wait until it runs"
                        : "GET /v1/jobs/\(id)/checkpoints has what there is")
            }
            try Self.current(job, in: state).control.askToSave()
            return job
        }
    }

    /// Ends a job, a running one in the middle of its step; its checkpoints stay.
    /// - Throws: `conflict` when the job has ended otherwise.
    public func cancel(job id: String) throws -> Job {
        try command(id) { state, job in
            switch job.status {
            case .cancelled: return job
            case .queued, .waiting, .paused:
                return try store.transition(job: id, to: .cancelled, detail: nil, at: clock.now())
            case .running:
                try Self.current(job, in: state).control.ask(.cancel)
                return try note("cancel requested", .cancel, on: job)
            case .succeeded, .failed: throw Self.conflict(job, "be cancelled")
            }
        }
    }

    /// Runs one command while nothing else changes a status, then looks for work.
    func command(
        _ id: String, _ body: (inout State, Job) throws -> Job
    ) throws -> Job {
        let job = try state.withLock { state in try body(&state, try store.job(id)) }
        if job.status == .queued { wake() }
        return job
    }

    /// What is acknowledged holds, even if the process ends before the run comes to a boundary.
    private func note(_ detail: String, _ request: StopRequest?, on job: Job) throws -> Job {
        try store.update(job: job.id, version: nil) { job in
            job.statusDetail = detail
            job.askedFor = request
        }
    }

    /// - Throws: `conflict` for a run of a process that has died, until `start` has put it right.
    static func current(_ job: Job, in state: State) throws -> CurrentRun {
        guard let current = state.current, current.job.id == job.id else {
            throw conflict(job, "be steered yet", hint: "try again in a moment")
        }
        return current
    }

    static func conflict(_ job: Job, _ what: String, hint: String? = nil) -> SpinError {
        SpinError(
            .conflict, "the job '\(job.id)' is \(job.status.rawValue) and cannot \(what)",
            hint: hint)
    }
}

extension Job {
    /// Whether it can go on by itself; an automatic job can at least find out that it is over.
    var mayPlay: Bool { configuration.mode == .auto || isAllowedMore }

    /// Whether an iteration or a step is allowed that is not played yet.
    var isAllowedMore: Bool {
        progress.iteration < allowedIterations || progress.step < allowedSteps
    }
}
