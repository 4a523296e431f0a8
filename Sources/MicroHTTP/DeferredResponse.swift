import Synchronization

/// An answer that is given later, from any thread; the first one counts.
///
/// A client that leaves in the meantime is noticed only when the answer is sent.
public final class DeferredResponse: Sendable {
    private struct State {
        var response: HTTPResponse?
        var suspended: ConnectionHandle?
    }

    private let state = Mutex(State())
    private let deadline: Instant
    private let timeoutResponse: @Sendable () -> HTTPResponse

    /// - Parameters:
    ///   - timeoutSeconds: after this time, to a tenth of a second, the server answers by itself.
    ///   - timeoutResponse: makes that answer; runs on a server thread and must not wait.
    public init(
        timeoutSeconds: Double, timeoutResponse: @escaping @Sendable () -> HTTPResponse
    ) {
        deadline = Instant.now.advanced(bySeconds: timeoutSeconds)
        self.timeoutResponse = timeoutResponse
    }

    /// Gives the answer; false if there is one already.
    @discardableResult
    public func complete(_ response: HTTPResponse) -> Bool {
        state.withLock { state in
            guard state.response == nil else { return false }
            state.response = response
            state.suspended?.resume()
            state.suspended = nil
            return true
        }
    }

    /// Whether the answer has been given.
    public var isComplete: Bool { state.withLock { $0.response != nil } }
}

// The side of the server.
extension DeferredResponse {
    /// The answer if there is one; otherwise the connection is suspended until there is.
    func response(orSuspend connection: ConnectionHandle) -> HTTPResponse? {
        state.withLock { state in
            if state.response == nil {
                connection.suspend()
                state.suspended = connection
            }
            return state.response
        }
    }
}

extension DeferredResponse: Watched {
    func tick(now: Instant) {
        if now >= deadline, !isComplete { complete(timeoutResponse()) }
    }

    func serverStops(refusal: () -> HTTPResponse) {
        if !isComplete { complete(refusal()) }
    }
}
