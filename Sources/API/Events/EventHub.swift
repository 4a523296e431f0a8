import Dispatch
import MicroHTTP
import SpinDomain
import Synchronization

/// Copies what is new in the store into every open event stream, four times a second at most.
///
/// One look serves all listeners: a thousand of them cost hardly more than one.
final class EventHub: Sendable {
    static let maximumListeners = 1024
    /// Also how often a listener is told of progress and metrics.
    private static let interval = DispatchTimeInterval.milliseconds(250)
    private static let secondsOfLife = 1800.0

    private struct State {
        var listeners: [EventListener] = []
        var isScheduled = false
    }

    private let store: any JobStore
    private let clock: any Clock
    private let state = Mutex(State())
    private let notices: NoticeBoard
    private let queue = DispatchQueue(label: "spind.events")

    init(store: any JobStore, clock: any Clock) {
        self.store = store
        self.clock = clock
        notices = NoticeBoard(store: store)
    }

    var listenerCount: Int { state.withLock { $0.listeners.count } }

    /// Sends the events after a sequence, and from then on what is new, until the stream is over.
    ///
    /// - Parameter job: nil for those of all jobs.
    /// - Throws: a refusal with 503 when too many listen already.
    func attach(_ stream: EventStream, job: String?, after: Int) throws {
        let listener = EventListener(
            stream: stream, job: job, after: after,
            endOfLife: Timestamp(
                microseconds: clock.now().microseconds + Int(Self.secondsOfLife * 1e6)))
        try state.withLock { state in
            guard state.listeners.count < Self.maximumListeners else {
                throw Refusal.busy("too many clients listen to events already")
            }
            state.listeners.append(listener)
        }
        stream.send(
            ServerSentEvent(data: "{}", name: "open", id: "\(after)", retryMilliseconds: 3000))
        stream.onClose { [weak self] in self?.remove(listener) }
        queue.async { [weak self] in
            guard let self else { return }
            serve([listener], notices: [])
            schedule()
        }
    }

    private func remove(_ listener: EventListener) {
        state.withLock { state in state.listeners.removeAll { $0 === listener } }
    }

    private func schedule() {
        let isFirst = state.withLock { state in
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isFirst { scheduleNext() }
    }

    private func scheduleNext() {
        queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in self?.lookAround() }
    }

    private func lookAround() {
        let listeners = state.withLock { state in
            state.isScheduled = !state.listeners.isEmpty
            return state.listeners
        }
        guard !listeners.isEmpty else { return notices.forget() }
        serve(listeners, notices: notices.look())
        scheduleNext()
    }

    /// A store that cannot be read now is tried again at the next look.
    private func serve(_ listeners: [EventListener], notices: [Notice]) {
        guard let glance = try? StoreGlance(store) else { return }
        let now = clock.now()
        for listener in listeners where listener.serve(glance, notices, at: now) {
            remove(listener)
        }
    }
}
