import Synchronization

/// An answer that is given later, from any thread; the first one counts.
///
/// A client that leaves in the meantime is noticed only where somebody asked `onAbandon`.
public final class DeferredResponse: Sendable {
    private struct State {
        var response: HTTPResponse?
        var suspended: ConnectionHandle?
        var connection: Connection?
        var onAbandon: [@Sendable () -> Void] = []
        var finish: @Sendable (HTTPResponse) -> HTTPResponse = { $0 }
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
            state.response = state.finish(response)
            state.suspended?.resume()
            state.suspended = nil
            state.connection = nil
            state.onAbandon = []
            return true
        }
    }

    /// Has the answer pass `finish` on its way, also one that is there already; to be called once,
    /// before the request's handler returns.
    ///
    /// It must not wait. The server's own refusal when it stops does not pass.
    public func finished(by finish: @escaping @Sendable (HTTPResponse) -> HTTPResponse) {
        state.withLock { state in
            state.finish = finish
            state.response = state.response.map(finish)
        }
    }

    /// Calls `action` once when the client has left before there is an answer, to a tenth of a
    /// second; one that merely closed its sending side counts as gone.
    ///
    /// The action runs on a server thread and must not wait.
    public func onAbandon(_ action: @escaping @Sendable () -> Void) {
        state.withLock { state in
            if state.response == nil { state.onAbandon.append(action) }
        }
    }

    /// Whether the answer has been given.
    public var isComplete: Bool { state.withLock { $0.response != nil } }
}

// The side of the server.
extension DeferredResponse {
    /// Says whose client waits.
    func attach(to connection: Connection?) {
        state.withLock { state in
            if state.response == nil { state.connection = connection }
        }
    }

    /// The connection is gone: an answer that was given cannot be sent any more.
    func connectionLost() {
        let (response, actions) = state.withLock { state in
            defer { state.onAbandon = [] }
            return (state.response, state.onAbandon)
        }
        if case .stream(let stream)? = response?.body { stream.close() }
        for action in actions { action() }
    }

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
        let actions =
            state.withLock { state in
                guard !state.onAbandon.isEmpty, state.connection?.isLeft == true else { return [] }
                defer { state.onAbandon = [] }
                return state.onAbandon
            } as [@Sendable () -> Void]
        for action in actions { action() }
    }

    func serverStops(refusal: () -> HTTPResponse) {
        state.withLock { $0.finish = { $0 } }
        complete(refusal())
    }
}
