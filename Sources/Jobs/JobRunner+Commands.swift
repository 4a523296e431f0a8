public import SpinDomain
import Synchronization

extension JobRunner {
    /// Allows a manual job `iterations` more iterations, as far as the configuration goes.
    /// - Throws: `conflict` when all have been asked for, or the status forbids it.
    public func step(job id: String, iterations: Int) throws -> Job {
        guard iterations >= 1 else {
            throw SpinError.invalid(
                "the request",
                problems: [.init(pointer: "/iterations", detail: "expected at least 1")])
        }
        return try command(id) { state, job in
            let allowed = try Self.allowance(of: job, more: iterations)
            let control = job.status == .running ? try Self.current(job, in: state).control : nil
            let raised = try store.update(job: id, version: nil) { $0.allowedIterations = allowed }
            control?.allow(iterations: allowed)
            guard job.status == .waiting else { return raised }
            return try store.transition(job: id, to: .queued, detail: nil, at: clock.now())
        }
    }

    /// Stops a job at its next step boundary; a running one is `paused` a little after the call.
    /// - Throws: `conflict` when the job has ended.
    public func pause(job id: String) throws -> Job {
        try command(id) { state, job in
            switch job.status {
            case .paused: return job
            case .queued, .waiting:
                return try store.transition(job: id, to: .paused, detail: nil, at: clock.now())
            case .running:
                let control = try Self.current(job, in: state).control
                control.ask(.pause)
                state.current?.isResumeAsked = false
                return control.request == .cancel ? job : try note("pause requested", on: job)
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
                return try note("goes on after the pause", on: job)
            case .paused:
                return try store.transition(
                    job: id, to: job.mayPlay ? .queued : .waiting, detail: nil, at: clock.now())
            case .waiting:
                throw Self.conflict(job, "be resumed", hint: "ask for iterations with step")
            case .succeeded, .failed, .cancelled: throw Self.conflict(job, "be resumed")
            }
        }
    }

    /// Ends a job for good, a running one at its next step boundary.
    /// - Throws: `conflict` when the job has ended otherwise.
    public func cancel(job id: String) throws -> Job {
        try command(id) { state, job in
            switch job.status {
            case .cancelled: return job
            case .queued, .waiting, .paused:
                return try store.transition(job: id, to: .cancelled, detail: nil, at: clock.now())
            case .running:
                try Self.current(job, in: state).control.ask(.cancel)
                return try note("cancel requested", on: job)
            case .succeeded, .failed: throw Self.conflict(job, "be cancelled")
            }
        }
    }

    /// Runs one command while nothing else changes a status, then looks for work.
    private func command(
        _ id: String, _ body: (inout State, Job) throws -> Job
    ) throws -> Job {
        let job = try state.withLock { state in try body(&state, try store.job(id)) }
        if job.status == .queued { wake() }
        return job
    }

    private func note(_ detail: String, on job: Job) throws -> Job {
        try store.update(job: job.id, version: nil) { $0.statusDetail = detail }
    }

    private static func allowance(of job: Job, more: Int) throws -> Int {
        guard job.configuration.mode == .manual else {
            throw conflict(job, "be stepped", hint: "only jobs of mode manual can")
        }
        guard [.waiting, .queued, .running].contains(job.status) else {
            throw conflict(
                job, "be stepped", hint: job.status == .paused ? "resume it first" : nil)
        }
        let left = job.configuration.spin.maxIterations - job.allowedIterations
        guard left > 0 else {
            throw SpinError(
                .conflict,
                "all \(job.allowedIterations) iterations of the job '\(job.id)' are played "
                    + "or asked for")
        }
        return job.allowedIterations + min(left, more)
    }

    /// - Throws: `conflict` for a run of a process that has died, until `start` has put it right.
    private static func current(_ job: Job, in state: State) throws -> CurrentRun {
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
    /// Whether an iteration is allowed that is not played yet.
    var mayPlay: Bool {
        configuration.mode == .auto || progress.iteration < allowedIterations
    }
}
