import SpinDomain

extension ServerClient {
    /// The job of an id, of the only beginning of an id, or of the only job with a name.
    ///
    /// - Throws: `ClientError` that says which there are.
    public func job(_ reference: String) throws -> JobState {
        if reference.hasPrefix("job_"), let job = try existing(reference) { return job }
        let jobs = try pagedList("/v1/jobs").map(JobState.init)
        let named = jobs.filter { $0.name == reference }
        let found = named.isEmpty ? jobs.filter { $0.isCalled(reference) } : named
        guard found.count < 2 else { throw Self.ambiguous(reference, found) }
        if let job = found.first { return job }
        // Its id may look unlike those of today.
        if let job = try existing(reference) { return job }
        throw Self.unknown(reference, jobs)
    }

    /// The job as it is now.
    public func refreshed(_ job: JobState) throws -> JobState {
        JobState(try get(job.path).json())
    }

    /// What a shell offers where a job is to be named.
    public func jobNames() throws -> [String] {
        try pagedList("/v1/jobs", limit: 100).map(JobState.init).flatMap { [$0.id, $0.name] }
            .filter { !$0.isEmpty }
    }

    private func existing(_ id: String) throws -> JobState? {
        do {
            return JobState(try get(JobState.path(id)).json())
        } catch let error as ClientError where error.kind == .notFound && error.requestID != nil {
            return nil
        }
    }

    private static func ambiguous(_ reference: String, _ jobs: [JobState]) -> ClientError {
        let lines = jobs.prefix(10).map { "\($0.id) (\($0.statusText), '\($0.name)')" }
        let more = jobs.count > lines.count ? ", …" : ""
        return ClientError(
            .refused, "\(jobs.count) jobs are meant by '\(reference)'",
            hint: "say which: " + lines.joined(separator: ", ") + more)
    }

    private static func unknown(_ reference: String, _ jobs: [JobState]) -> ClientError {
        let known = jobs.flatMap { [$0.name, $0.id] }
        return ClientError(
            .notFound,
            "there is no job '\(reference)'" + Suggestion.text(for: reference, among: known),
            hint: jobs.isEmpty ? "there are no jobs; begin with spind submit" : "see spind list")
    }
}

extension JobState {
    /// Whether its id begins so, with or without what all ids begin with.
    fileprivate func isCalled(_ beginning: String) -> Bool {
        !beginning.isEmpty && (id.hasPrefix(beginning) || id.hasPrefix("job_" + beginning))
    }
}
