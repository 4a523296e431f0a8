import Dispatch
import Foundation
import Glibc
import Synchronization

/// Accepts connections on a thread of its own, no more at a time than the server may hold.
///
/// libmicrohttpd could listen by itself, but its way to end that while answers are under way,
/// `MHD_quiesce_daemon`, races with its own threads: both take the socket out of the same epoll
/// set, and the second one aborts the process (0.9.75).
final class Acceptor: Sendable {
    /// Takes over a connected socket; called on the acceptor's thread.
    ///
    /// - Returns: false if the socket could not be taken and is closed.
    typealias HandOver =
        @Sendable (
            _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t
        ) -> Bool

    private struct State {
        var connections = 0
        var isStopping = false
    }

    /// Until the next try when the process has no descriptor or memory left.
    private static let exhaustedMilliseconds: Int32 = 100

    private let listener: Int32
    private let maximumConnections: Int
    private let state = Mutex(State())
    /// Rings whenever the thread should look at `state` again.
    private let bell: Bell
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter listener: a socket that listens; closed by `stop`.
    init(listener: Int32, maximumConnections: Int) throws(HTTPServerError) {
        self.listener = listener
        self.maximumConnections = maximumConnections
        bell = try Bell()
    }

    /// How many connections were handed over and have not ended.
    var openConnections: Int { state.withLock(\.connections) }

    func start(_ handOver: @escaping HandOver) {
        let thread = Thread { [self] in
            run(handOver)
            ended.signal()
        }
        thread.name = "http-acceptor"
        thread.start()
    }

    /// A connection that was handed over is closed.
    func connectionEnded() {
        let wasFull = state.withLock { state in
            state.connections -= 1
            return state.connections == maximumConnections - 1
        }
        if wasFull { bell.ring() }
    }

    /// Nothing is open any more: libmicrohttpd says so of no connection that it had not yet begun
    /// to serve.
    func allConnectionsEnded() { state.withLock { $0.connections = 0 } }

    /// Takes no more connections, and resets those that nobody has accepted yet; call once.
    func stop() {
        state.withLock { $0.isStopping = true }
        bell.ring()
        ended.wait()
        close(listener)
    }

    private enum Turn {
        case accept
        case waitForAPlace
        case stop
    }

    private var turn: Turn {
        state.withLock { state in
            if state.isStopping { return .stop }
            return state.connections < maximumConnections ? .accept : .waitForAPlace
        }
    }

    private func run(_ handOver: HandOver) {
        while true {
            switch turn {
            case .accept: if bell.wait(orFor: listener) { accept(handOver) }
            case .waitForAPlace: bell.wait()
            case .stop: return
            }
        }
    }

    private func accept(_ handOver: HandOver) {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { addresses in
                // A sockaddr_storage is larger than a sockaddr, so there is a first one.
                let address = addresses.baseAddress.unsafelyUnwrapped
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                let descriptor = Glibc.accept(listener, address, &length)
                guard descriptor >= 0 else { return acceptFailed(errno) }
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                // Counted before, since the connection may end before the call returns.
                state.withLock { $0.connections += 1 }
                if !handOver(descriptor, address, length) { connectionEnded() }
            }
        }
    }

    private func acceptFailed(_ code: Int32) {
        switch code {
        // The client has gone, or there was nobody.
        case EAGAIN, EINTR, ECONNABORTED, EPROTO: break
        default: bell.wait(milliseconds: Self.exhaustedMilliseconds)
        }
    }
}
