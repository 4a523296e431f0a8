import Synchronization

/// How many transactions were written, and how long they took, waiting for the writer included.
final class CommitTimes: Sendable {
    private let state = Mutex((count: 0, seconds: 0.0))

    var total: (count: Int, seconds: Double) { state.withLock { $0 } }

    /// A transaction that fails is not counted.
    func measure<Value>(_ body: () throws -> Value) rethrows -> Value {
        let begin = ContinuousClock.now
        let value = try body()
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        state.withLock { state in
            state.count += 1
            state.seconds += seconds
        }
        return value
    }
}
