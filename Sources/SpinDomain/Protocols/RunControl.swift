import Synchronization

/// The way round the runner's queue: anyone may steer a run, the step loop reads it.
public final class RunControl: Sendable {
    public enum Request: Int, Sendable, Comparable {
        case goOn, interrupt, pause, cancel

        public static func < (left: Request, right: Request) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    private struct State {
        var request = Request.goOn
        var isSaveAsked = false
        var allowedIterations: Int
        var allowedSteps: Int
        var klPenalty: PerIteration?
        var begunIterations = 0
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - allowedIterations: how many iterations the job may have played in all.
    ///   - allowedSteps: how many steps it may have done in all, where its iterations allow fewer.
    ///   - klPenalty: the configuration's, as it may be changed while the job runs.
    public init(
        allowedIterations: Int, allowedSteps: Int = 0, klPenalty: PerIteration? = nil
    ) {
        state = Mutex(
            State(
                allowedIterations: allowedIterations, allowedSteps: allowedSteps,
                klPenalty: klPenalty))
    }

    /// What the run is asked to do; read at every step boundary, between the parts of a step and
    /// between decoding steps.
    public var request: Request { state.withLock { $0.request } }

    /// A stronger request stays: cancel beats pause beats interrupt.
    public func ask(_ request: Request) {
        state.withLock { $0.request = max($0.request, request) }
    }

    // MARK: How far it may go

    /// Whether the run may go on from here.
    /// - Parameters:
    ///   - iteration: the one that goes on.
    ///   - step: steps done.
    public func mayPlay(iteration: Int, step: Int) -> Bool {
        state.withLock { iteration < $0.allowedIterations || step < $0.allowedSteps }
    }

    /// Allows more; what was allowed before stays allowed.
    public func allow(iterations: Int, steps: Int = 0) {
        state.withLock { state in
            state.allowedIterations = max(state.allowedIterations, iterations)
            state.allowedSteps = max(state.allowedSteps, steps)
        }
    }

    /// Takes back what was allowed beyond this many iterations.
    public func limit(iterations: Int) {
        state.withLock { $0.allowedIterations = min($0.allowedIterations, iterations) }
    }

    // MARK: Checkpoints on demand

    /// Asks for a checkpoint at the next step boundary.
    public func askToSave() {
        state.withLock { $0.isSaveAsked = true }
    }

    /// Whether a checkpoint was asked for since the last call.
    public func takeSaveRequest() -> Bool {
        state.withLock { state in
            defer { state.isSaveAsked = false }
            return state.isSaveAsked
        }
    }

    // MARK: The KL penalty

    /// Marks an iteration as begun, after which its KL penalty stays.
    /// - Returns: the penalties now in force; nil for the configuration's.
    public func begin(iteration: Int) -> PerIteration? {
        state.withLock { state in
            state.begunIterations = max(state.begunIterations, iteration + 1)
            return state.klPenalty
        }
    }

    /// Changes the penalties while no iteration can begin.
    /// - Parameter store: writes the change down, or throws to refuse it; takes the number of
    ///   iterations that have begun in this run.
    public func change<Result: Sendable>(
        klPenalty: PerIteration, _ store: (_ begunIterations: Int) throws -> Result
    ) throws -> Result {
        try state.withLock { state in
            let result = try store(state.begunIterations)
            state.klPenalty = klPenalty
            return result
        }
    }
}
