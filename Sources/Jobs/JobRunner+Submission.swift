public import SpinDomain
import Synchronization

extension JobRunner {
    /// Checks a configuration against the registered files and the machine, and stores nothing.
    /// - Throws: `invalid` with every problem at once.
    public func validate(configuration: JobConfiguration) throws -> RunEstimate {
        try check(configuration, jobID: makeJobID())
    }

    /// Stores a job: `queued`, or `waiting` in manual mode.
    /// - Parameter clonedFrom: the job whose configuration it was made from.
    /// - Throws: `invalid` with every problem at once; `keyReused` when the key came with another
    ///   request; `diskFull`.
    public func submit(
        configuration: JobConfiguration, clonedFrom: String? = nil, idempotency: IdempotencyKey?
    ) throws -> (job: Job, isNew: Bool) {
        if let idempotency, let earlier = try store.job(idempotency: idempotency) {
            return (earlier, false)
        }
        try disk.require(0, for: "a new job")
        let id = makeJobID()
        _ = try check(configuration, jobID: id)
        let isManual = configuration.mode == .manual
        let stored = try state.withLock { _ in
            // Looked up again: the check takes its time, and a checkpoint may have gone meanwhile.
            let lookup = try SourceLookup(configuration, in: store)
            return try store.insert(
                Job(
                    id: id, status: isManual ? .waiting : .queued, configuration: configuration,
                    sources: try lookup.sources(),
                    allowedIterations: isManual ? 0 : configuration.spin.maxIterations,
                    parentCheckpoint: lookup.parentCheckpoint, clonedFrom: clonedFrom,
                    createdAt: clock.now()),
                idempotency: idempotency)
        }
        if stored.isNew { wake() }
        return stored
    }

    private func check(_ configuration: JobConfiguration, jobID: String) throws -> RunEstimate {
        let lookup = try SourceLookup(configuration, in: store)
        guard let found = lookup.found else { throw lookup.error }
        let plan = RunPlan(
            jobID: jobID, configuration: configuration, sources: found,
            checkpointFolder: folders.folder(job: jobID))
        do {
            let estimate = try engine.check(plan)
            _ = try lookup.sources()
            return estimate
        } catch let error as SpinError where error.code == .invalid {
            throw SpinError.invalid(
                "the configuration", problems: lookup.problems + error.problems, hint: error.hint)
        }
    }

    private func makeJobID() -> String {
        state.withLock { "job_" + $0.random.idCharacters(16) }
    }
}
