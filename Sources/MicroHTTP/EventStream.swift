import Synchronization

/// The body of one answer, sent bit by bit from any thread.
///
/// While nothing is pending the connection is suspended and costs no time. What a client does not
/// take in is kept up to a limit; beyond it the stream is cut, so that a slow reader cannot hold
/// memory.
public final class EventStream: Sendable {
    private struct State {
        var pending: [UInt8] = []
        /// How many of the pending bytes libmicrohttpd has taken.
        var taken = 0
        var phase = Phase.open
        var suspended: ConnectionHandle?
        var client: Connection?
        var isAttached = false
        var lastSent = Instant.now
        var onClose: [@Sendable () -> Void] = []

        mutating func wake() {
            suspended?.resume()
            suspended = nil
        }

        /// Gives taken bytes back, now and then, so that each is moved at most once on average.
        mutating func compact() {
            guard taken * 2 >= pending.count else { return }
            pending.removeSubrange(..<taken)
            taken = 0
        }
    }

    private enum Phase {
        /// More may be sent.
        case open
        /// The rest is delivered, then the answer ends.
        case finishing
        /// The client cannot follow; the connection is to be closed.
        case cut
        /// The answer is over, or the client has gone.
        case closed
    }

    private let state = Mutex(State())
    private let maximumPendingBytes: Int
    private let heartbeatSeconds: Double?
    private let endsWithClient: Bool

    /// - Parameters:
    ///   - maximumPendingBytes: how much may wait for a slow client before the stream is cut.
    ///   - heartbeatSeconds: how often a silent stream sends an empty comment. Without one, as
    ///     for bodies that are not Server-Sent Events, a client that has left is noticed only by
    ///     the next but one `send`.
    ///   - endsWithClient: whether a client that has left is noticed within a tenth of a second; one
    ///     that merely closed its sending side counts as gone.
    public init(
        maximumPendingBytes: Int = 1 << 20, heartbeatSeconds: Double? = 15,
        endsWithClient: Bool = false
    ) {
        self.maximumPendingBytes = maximumPendingBytes
        self.heartbeatSeconds = heartbeatSeconds
        self.endsWithClient = endsWithClient
    }

    /// Whether `send` still has an effect.
    public var isOpen: Bool { state.withLock { $0.phase == .open } }

    /// Queues an event; false once the stream is finished, cut or left by the client.
    @discardableResult
    public func send(_ event: ServerSentEvent) -> Bool { send(bytes: event.encoded) }

    /// Queues bytes as they are; false once the stream is finished, cut or left by the client.
    @discardableResult
    public func send(bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard state.phase == .open else { return false }
            if state.pending.count - state.taken + bytes.count > maximumPendingBytes {
                state.phase = .cut
                state.pending = []
                state.taken = 0
            } else {
                state.pending += bytes
            }
            state.wake()
            return state.phase == .open
        }
    }

    /// Ends the answer after what is queued.
    public func finish() {
        state.withLock { state in
            guard state.phase == .open else { return }
            state.phase = .finishing
            state.wake()
        }
    }

    /// Calls `action` once, when the answer is over or the client is known to have left.
    ///
    /// It is called at once if that is already so. The action runs on a server thread and must not
    /// wait.
    public func onClose(_ action: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            if state.phase != .closed { state.onClose.append(action) }
            return state.phase == .closed
        }
        if isOver { action() }
    }
}

// The side of the server.
extension EventStream {
    /// Claims the stream for one answer; false if it already has one.
    func attach(to client: Connection?) -> Bool {
        state.withLock { state in
            defer { state.isAttached = true }
            if endsWithClient { state.client = client }
            return !state.isAttached
        }
    }

    /// What `read` tells libmicrohttpd.
    enum ReadResult {
        case bytes(Int)
        /// The connection has been suspended; it is read again after it is resumed.
        case nothingYet
        case end
        case failure
    }

    /// Moves pending bytes into the buffer, or suspends the connection until there are some.
    func read(into buffer: UnsafeMutableRawBufferPointer, for connection: ConnectionHandle)
        -> ReadResult
    {
        state.withLock { state in
            let count = min(buffer.count, state.pending.count - state.taken)
            if count > 0 {
                state.pending[state.taken..<state.taken + count].withUnsafeBytes {
                    buffer.copyMemory(from: $0)
                }
                state.taken += count
                state.lastSent = .now
                state.compact()
                return .bytes(count)
            }
            switch state.phase {
            case .open:
                // Inside the lock, so that no `send` falls between the look and the suspension.
                connection.suspend()
                state.suspended = connection
                return .nothingYet
            case .finishing: return .end
            case .cut, .closed: return .failure
            }
        }
    }

    /// The answer is over; libmicrohttpd will not read again.
    func close() {
        let actions = state.withLock { state in
            state.phase = .closed
            state.pending = []
            state.taken = 0
            state.client = nil
            defer { state.onClose = [] }
            return state.onClose
        }
        for action in actions { action() }
    }
}

extension EventStream: Watched {
    func tick(now: Instant) {
        state.withLock { state in
            guard state.phase == .open, state.client?.isLeft == true else { return }
            state.phase = .cut
            state.wake()
        }
        guard let heartbeatSeconds else { return }
        state.withLock { state in
            guard state.phase == .open, state.suspended != nil,
                now >= state.lastSent.advanced(bySeconds: heartbeatSeconds)
            else { return }
            state.pending += Array(":\n\n".utf8)
            state.wake()
        }
    }

    func serverStops(refusal: () -> HTTPResponse) { finish() }
}
