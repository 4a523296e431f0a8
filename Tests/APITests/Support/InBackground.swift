import Dispatch
import Synchronization
import Testing

/// Work on a thread of its own.
///
/// Tests block the threads that tasks run on: a task may begin late.
final class InBackground<Value: Sendable>: Sendable {
    /// Longer than any answer that a test waits for.
    private static var patience: DispatchTimeInterval { .seconds(60) }
    private let outcome = Mutex<Result<Value, any Error>?>(nil)
    private let isDone = DispatchSemaphore(value: 0)

    init(_ work: @escaping @Sendable () throws -> Value) {
        DispatchQueue.global().async {
            let result = Result { try work() }
            self.outcome.withLock { $0 = result }
            self.isDone.signal()
        }
    }

    /// Waits for the work.
    func value() throws -> Value {
        try #require(isDone.wait(timeout: .now() + Self.patience) == .success, "it ends in time")
        return try #require(outcome.withLock { $0 }).get()
    }
}
