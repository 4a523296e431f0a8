import Dispatch
import Synchronization

/// Counts the requests that have a head but not yet a complete answer.
final class RequestsInFlight: Sendable {
    private struct State {
        var count = 0
        var isDraining = false
    }

    private let state = Mutex(State())
    private let drained = DispatchSemaphore(value: 0)

    var count: Int { state.withLock(\.count) }

    /// Whether the server is on its way down: new requests are refused.
    var isDraining: Bool { state.withLock(\.isDraining) }

    /// Counts a request; false if it is to be refused (it counts all the same).
    func enter() -> Bool {
        state.withLock { state in
            state.count += 1
            return !state.isDraining
        }
    }

    func leave() {
        state.withLock { state in
            state.count -= 1
            if state.count == 0, state.isDraining { drained.signal() }
        }
    }

    /// Waits until nothing is in flight; false if the time was too short.
    ///
    /// To be called once.
    func drain(seconds: Double, afterRefusing announce: () -> Void) -> Bool {
        let isEmpty = state.withLock { state in
            state.isDraining = true
            return state.count == 0
        }
        announce()
        return isEmpty || drained.wait(timeout: .now() + seconds) == .success
    }
}
