public import SpinDomain

// What can be done with a job that is over.

extension JobRunner {
    /// Lets a failed or cancelled job go on from its last checkpoint, under its own id: its records
    /// go on where they are, and a run that is retried ends with the bits of one that never failed.
    /// - Throws: `conflict` when the job is not over, or succeeded; a queued or running one is
    ///   returned as is.
    public func retry(job id: String) throws -> Job {
        try command(id) { _, job in
            switch job.status {
            case .queued, .running: return job
            case .failed, .cancelled:
                return try store.transition(
                    job: id, to: job.mayPlay ? .queued : .waiting, detail: nil, at: clock.now())
            case .paused:
                throw Self.conflict(
                    job, "be retried", hint: "POST /v1/jobs/\(id)/resume lets it go on")
            case .waiting:
                throw Self.conflict(
                    job, "be retried", hint: "POST /v1/jobs/\(id)/step lets it play on")
            case .succeeded:
                throw Self.conflict(
                    job, "be retried",
                    hint: "give it more iterations with PATCH /v1/jobs/\(id), or make a new job of "
                        + "its configuration with POST /v1/jobs/\(id)/clone")
            }
        }
    }

    /// A new job with the configuration of another one, changed by a merge patch (RFC 7396).
    /// - Throws: as `submit`.
    public func clone(
        job id: String, patch: JSONValue, idempotency: IdempotencyKey?
    ) throws -> (job: Job, isNew: Bool) {
        let original = try store.job(id)
        let configuration = try JobConfiguration(
            json: original.configuration.json.merging(patch: patch))
        return try submit(
            configuration: configuration, clonedFrom: id, idempotency: idempotency)
    }
}
