public import SpinDomain

/// What a person wants changed of a job.
public struct JobChange: Sendable {
    /// The new configuration out of the present one.
    public var configuration: @Sendable (JobConfiguration) throws -> JobConfiguration
    /// Whether `max_iterations` is asked for, so that a job that succeeded is to go on.
    public var asksForIterations: Bool
    /// 1 for the next to run.
    public var queuePosition: Int?

    public init(
        asksForIterations: Bool = false, queuePosition: Int? = nil,
        configuration: @escaping @Sendable (JobConfiguration) throws -> JobConfiguration
    ) {
        self.asksForIterations = asksForIterations
        self.queuePosition = queuePosition
        self.configuration = configuration
    }
}

extension JobRunner {
    /// Changes a job; one that succeeded and gets more iterations goes on.
    ///
    /// - Parameter version: nil, or the version that the job must have.
    /// - Throws: `conflict` where the version is another or the state forbids the change, `invalid`.
    public func change(job id: String, _ change: JobChange, version: Int?) throws -> Job {
        try command(id) { state, job in
            let new = try change.configuration(job.configuration)
            try Self.checkIterations(new.spin.maxIterations, of: job)
            let extends = try isExtended(job, change, new)
            let write = { (begun: Int) throws -> Job in
                try Self.refusePenalty(new, of: job, begunIterations: begun)
                return try self.write(change, new, of: job, version: version)
            }
            let begun = try begunIterations(job)
            let changed =
                job.status == .running && new.spin != job.configuration.spin
                ? try Self.current(job, in: state).control.change(
                    klPenalty: new.spin.refPolicyKLPenalty
                ) { try write(max(begun, $0)) }
                : try write(begun)
            guard extends else { return changed }
            return try store.transition(
                job: id, to: changed.mayPlay ? .queued : .waiting, detail: nil, at: clock.now())
        }
    }

    private func write(
        _ change: JobChange, _ configuration: JobConfiguration, of job: Job, version: Int?
    ) throws -> Job {
        try store.update(job: job.id, version: version, queuePosition: change.queuePosition) {
            $0.configuration = configuration
            if change.asksForIterations, configuration.mode == .auto {
                $0.allowedIterations = configuration.spin.maxIterations
            }
        }
    }

    /// Nothing in a running game may depend on the moment at which a request came, and its learning
    /// rates follow from the number of all its steps.
    private static func checkIterations(_ iterations: Int, of job: Job) throws {
        let present = job.configuration.spin.maxIterations
        guard iterations != present else { return }
        guard iterations > present else {
            throw SpinError.invalid(
                "the change",
                problems: [
                    .init(
                        pointer: "/spin/max_iterations",
                        detail: "\(iterations) is less than \(present); it can only be raised")
                ], hint: "POST /v1/jobs/\(job.id)/pause or …/cancel ends a game early")
        }
        guard job.status != .running else {
            throw conflict(
                job, "get more iterations now",
                hint: "POST /v1/jobs/\(job.id)/pause first, and …/resume after the change")
        }
    }

    /// How many iterations have begun, as far as store and checkpoints know.
    private func begunIterations(_ job: Job) throws -> Int {
        let recorded = try store.iterations(job: job.id).last.map { $0.iteration + 1 } ?? 0
        let saved = try store.checkpoints(job: job.id).first.map {
            $0.isIterationEnd ? $0.iteration : $0.iteration + 1
        }
        return max(recorded, saved ?? 0)
    }

    private static func refusePenalty(
        _ new: JobConfiguration, of job: Job, begunIterations begun: Int
    ) throws {
        let (old, asked) = (job.configuration.spin.refPolicyKLPenalty, new.spin.refPolicyKLPenalty)
        guard
            let changed = (0..<begun).first(where: {
                old.value(iteration: $0) != asked.value(iteration: $0)
            })
        else { return }
        let possible = (0..<new.spin.maxIterations).map { iteration in
            JSONValue.number((iteration < begun ? old : asked).value(iteration: iteration))
        }
        throw SpinError(
            .conflict,
            "iteration \(changed) has begun with the KL penalty \(old.value(iteration: changed)), "
                + "which cannot become \(asked.value(iteration: changed)) any more",
            hint: begun < new.spin.maxIterations
                ? "to change the others, send \(JSONValue.array(possible).text)"
                : "every iteration has begun; more of them need a higher spin.max_iterations")
    }

    /// Whether a job that succeeded goes on with iterations that it has not played.
    private func isExtended(
        _ job: Job, _ change: JobChange, _ new: JobConfiguration
    ) throws -> Bool {
        guard change.asksForIterations, job.status == .succeeded,
            job.progress.iteration < new.spin.maxIterations
        else { return false }
        guard try !store.checkpoints(job: job.id).isEmpty else {
            throw Self.conflict(
                job, "go on: its checkpoints are deleted",
                hint: "POST /v1/jobs/\(job.id)/clone makes a new job of its configuration")
        }
        return true
    }
}
