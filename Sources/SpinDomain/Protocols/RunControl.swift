import Synchronization

/// The way round the runner's queue: anyone may ask a run to stop, the step loop reads it.
public final class RunControl: Sendable {
    public enum Request: Int, Sendable, Comparable {
        case goOn, interrupt, pause, cancel

        public static func < (left: Request, right: Request) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    private struct State {
        var request = Request.goOn
        var allowedIterations: Int
    }

    private let state: Mutex<State>

    /// - Parameter allowedIterations: how many iterations the job may have played in all.
    public init(allowedIterations: Int) {
        state = Mutex(State(allowedIterations: allowedIterations))
    }

    /// What the run is asked to do; read at every step boundary and between decoding steps.
    public var request: Request { state.withLock { $0.request } }

    /// A stronger request stays: cancel beats pause beats interrupt.
    public func ask(_ request: Request) {
        state.withLock { $0.request = max($0.request, request) }
    }

    public var allowedIterations: Int { state.withLock { $0.allowedIterations } }

    public func allow(iterations: Int) {
        state.withLock { $0.allowedIterations = max($0.allowedIterations, iterations) }
    }
}
