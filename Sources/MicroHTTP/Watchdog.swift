import Dispatch
import Foundation
import Synchronization

/// Something with deadlines.
protocol Watched: AnyObject, Sendable {
    /// Called about ten times a second.
    func tick(now: Instant)

    /// Called once when the server stops: whatever waits must come to its end now.
    func serverStops(refusal: () -> HTTPResponse)
}

/// One thread that looks at everything with a deadline, because libmicrohttpd's own timeout starts
/// anew with every byte and does not run while a connection is suspended.
final class Watchdog: Sendable {
    private struct State {
        var watched: [ObjectIdentifier: any Watched] = [:]
        var isStopping = false
    }

    private static let interval = DispatchTimeInterval.milliseconds(100)
    private let state = Mutex(State())
    private let stopRequested = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    func start() {
        let thread = Thread { [self] in
            while stopRequested.wait(timeout: .now() + Self.interval) == .timedOut {
                let now = Instant.now
                for watched in all { watched.tick(now: now) }
            }
            ended.signal()
        }
        thread.name = "http-watchdog"
        thread.start()
    }

    /// Ends the thread; call once.
    func stop() {
        stopRequested.signal()
        ended.wait()
    }

    /// Adds an object; false once the server stops, and then the caller must end it.
    func add(_ watched: any Watched) -> Bool {
        state.withLock { state in
            state.watched[ObjectIdentifier(watched)] = watched
            return !state.isStopping
        }
    }

    func remove(_ watched: any Watched) {
        state.withLock { $0.watched[ObjectIdentifier(watched)] = nil }
    }

    /// Tells everything that the server stops, outside of the lock since it calls into handlers.
    func announceStop(refusal: () -> HTTPResponse) {
        state.withLock { $0.isStopping = true }
        for watched in all { watched.serverStops(refusal: refusal) }
    }

    private var all: [any Watched] { state.withLock { Array($0.watched.values) } }
}
