package import SpinDomain

/// What becomes of a job whose run has ended.
package struct RunEnding: Equatable {
    /// The edges to take, from `running`.
    package let path: [JobStatus]
    package let detail: String?
    /// Of a pause that ends by itself.
    package let reason: PauseReason?

    /// The edges yet to take; some may be taken when the store failed on the way.
    package func path(from status: JobStatus) -> ArraySlice<JobStatus> {
        path[(path.firstIndex(of: status).map { $0 + 1 } ?? 0)...]
    }

    /// - Parameters:
    ///   - request: the last wish of the control; it may have come too late for the run.
    ///   - isResumeAsked: whether somebody wants the job to go on after the pause.
    ///   - isAllowedMore: whether an iteration or a step is allowed that is not played yet.
    ///   - isAutomatic: whether nobody will allow more; the game was ended early then.
    package init(
        _ result: Result<RunOutcome, any Error>, request: RunControl.Request, isResumeAsked: Bool,
        isAllowedMore: Bool, isAutomatic: Bool = false
    ) {
        let isPauseWanted = request == .pause && !isResumeAsked
        switch result {
        case .success(.finished): self.init([.succeeded])
        case .success(.cancelled): self.init([.cancelled])
        case .success where request == .cancel: self.init([.cancelled])
        case .success(.paused) where isResumeAsked: self.init([.paused, .queued])
        case .success(.paused(let reason)): self.init([.paused], reason)
        case .success where isPauseWanted: self.init([.paused])
        case .success(.waiting) where isAllowedMore: self.init([.queued])
        case .success(.waiting) where isAutomatic:
            self.init([.succeeded], "ended early: the validation loss did not become better")
        case .success(.waiting): self.init([.waiting])
        case .success(.interrupted): self.init([.queued], "goes on when the server starts again")
        case .failure(let error) where (error as? SpinError)?.code != .diskFull:
            self.init([.failed], "\(error)")
        case .failure where request == .cancel: self.init([.cancelled])
        case .failure(let error):
            // A person who wants a pause has the say when it ends.
            self.init([.paused], "\(error)", isPauseWanted ? nil : .diskFull)
        }
    }

    private init(_ path: [JobStatus], _ detail: String? = nil, _ reason: PauseReason? = nil) {
        self.path = path
        self.detail = detail
        self.reason = reason
    }
}
