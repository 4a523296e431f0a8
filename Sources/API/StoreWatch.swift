import Dispatch
import Synchronization

/// Looks into the store now and then on behalf of answers that wait for something new.
///
/// One look costs less than a tenth of a millisecond, so that asking beats being told: the runner
/// needs to know nothing of who listens, and a restart loses no listener.
final class StoreWatch: Sendable {
    /// Looks once; true when it need not look again.
    typealias Look = @Sendable () -> Bool

    static let maximumWaiting = 128
    private static let interval = DispatchTimeInterval.milliseconds(150)

    private struct State {
        var looks: [Look] = []
        var isScheduled = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "spind.watch")

    /// - Throws: a refusal with 503 when too many wait already.
    func add(_ look: @escaping Look) throws {
        let mustSchedule = try state.withLock { state in
            guard state.looks.count < Self.maximumWaiting else {
                throw Refusal.busy("too many clients wait for news already")
            }
            state.looks.append(look)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustSchedule { schedule() }
    }

    private func schedule() {
        queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in self?.lookAround() }
    }

    private func lookAround() {
        let looks = state.withLock { state in
            defer { state.looks = [] }
            return state.looks
        }
        // Outside the lock: a look reads the store and may add another.
        let waiting = looks.filter { !$0() }
        let goesOn = state.withLock { state in
            state.looks = waiting + state.looks
            state.isScheduled = !state.looks.isEmpty
            return state.isScheduled
        }
        if goesOn { schedule() }
    }
}
