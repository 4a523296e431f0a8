import Glibc
import Synchronization

/// The deadline of one TCP connection.
final class Connection: Watched {
    let remoteAddress: String
    private let limits: HTTPServerConfiguration
    /// Nanoseconds of the monotonic clock; written by the connection's thread.
    private let deadline: Atomic<UInt64>
    /// The socket, until libmicrohttpd is about to close it: its number may be reused after that.
    private let descriptor: Mutex<Int32?>

    init(descriptor: Int32, remoteAddress: String, limits: HTTPServerConfiguration) {
        self.descriptor = Mutex(descriptor)
        self.remoteAddress = remoteAddress
        self.limits = limits
        deadline = Atomic(Instant.now.advanced(bySeconds: limits.headSeconds).nanoseconds)
    }

    /// A request is over: libmicrohttpd ends a connection that stays idle, we one whose next head
    /// drips in.
    func awaitsNextHead() {
        expires(at: .now.advanced(bySeconds: Double(limits.idleSeconds) + limits.headSeconds))
    }

    /// The body began at `start`, and so many bytes have come since.
    func isReceiving(since start: Instant, count: Int) {
        let seconds = limits.bodyGraceSeconds + Double(count) / Double(limits.minimumBodyRate)
        expires(at: start.advanced(bySeconds: seconds))
    }

    /// The rest of a refused body is thrown away, for so long.
    func isDiscarding(seconds: Double) { expires(at: .now.advanced(bySeconds: seconds)) }

    /// The request is complete; how long we take is our own affair.
    func isAnswering() { expires(at: .distantFuture) }

    func isClosing() { descriptor.withLock { $0 = nil } }

    /// Shuts the socket down; libmicrohttpd sees the end of the stream and closes it.
    func cutOff() {
        descriptor.withLock { descriptor in
            if let descriptor { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Whether the client has closed its side.
    ///
    /// It may still read what comes, but a client that gives up looks the same.
    var isLeft: Bool {
        descriptor.withLock { descriptor in
            guard let descriptor else { return true }
            var status = pollfd(fd: descriptor, events: Self.peerClosed, revents: 0)
            return poll(&status, 1, 0) > 0
        }
    }

    /// `POLLRDHUP`, which Swift sees only with GNU's extensions on.
    private static let peerClosed: Int16 = 0x2000

    func tick(now: Instant) {
        if now.nanoseconds >= deadline.load(ordering: .relaxed) { cutOff() }
    }

    func serverStops(refusal: () -> HTTPResponse) {}

    private func expires(at instant: Instant) {
        deadline.store(instant.nanoseconds, ordering: .relaxed)
    }
}
