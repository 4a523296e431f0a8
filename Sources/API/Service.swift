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
    /// What was answered so far.
    let requests = RequestCounters()
    let copyData: ServiceHandler.BackupMaking
    let webhooksAreOn: Bool
    /// Answers that wait for something new in the store.
    let watch = StoreWatch()
}
