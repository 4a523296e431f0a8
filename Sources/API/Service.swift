import Jobs
import MicroHTTP
import SpinDomain

/// What the handlers work with; each handler is one method, in `Routes`.
struct Service: Sendable {
    let store: any JobStore
    let runner: JobRunner
    let engine: any SelfPlayEngine
    let keys: KeyRing
    let folders: Folders
    let clock: any Clock
    let version: String
    let isReady: @Sendable () -> Bool
    /// What flows to those who listen to events.
    let events: EventHub
    let completions: CompletionDesk
    let reportInternalError: ServiceHandler.InternalErrorReport
    /// What was answered so far.
    let requests = RequestCounters()
    let copyData: ServiceHandler.BackupMaking
    let webhooksAreOn: Bool
    /// Answers that are still right.
    let answers = AnswerCache()
    /// Answers that wait for something new in the store.
    let watch = StoreWatch()

    /// What a client is told of an error; the operator is told of the server's own.
    func refusal(_ error: any Error, requestID: String) -> Refusal {
        let refusal =
            switch error {
            case let refusal as Refusal: refusal
            case let error as SpinError: Refusal(error)
            default: Refusal(SpinError(.internal, "\(error)"))
            }
        guard refusal.status == 500 else { return refusal }
        reportInternalError(error, requestID)
        return Refusal(
            status: 500, code: "internal", "the server failed; its log has the reason",
            hint: "look for \(requestID) in the log")
    }
}
