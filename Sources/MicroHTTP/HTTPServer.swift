import Glibc
import Synchronization

/// An HTTP/1.1 server on libmicrohttpd's threads.
///
/// Known bounds of libmicrohttpd 0.9.75: what it refuses while it reads the head (no Host, a
/// malformed chunk, a head larger than its memory) is answered by its own short HTML pages.
public final class HTTPServer: Sendable {
    /// The port it listens on, also where port 0 was asked for.
    public let port: Int
    private let core: ServerCore
    private let daemon: Daemon
    private let isStopped = Atomic(false)

    /// Listens and starts the threads; requests may arrive before this returns.
    ///
    /// - Throws: `HTTPServerError`.
    public init(
        _ configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        handler: any HTTPHandler
    ) throws(HTTPServerError) {
        let socket = try ListeningSocket(host: configuration.host, port: configuration.port)
        do throws(HTTPServerError) {
            let acceptor = try Acceptor(
                listener: socket.descriptor,
                maximumConnections: max(1, configuration.maximumConnections))
            core = ServerCore(configuration: configuration, handler: handler, acceptor: acceptor)
            daemon = try Daemon(core: core)
        } catch {
            close(socket.descriptor)
            throw error
        }
        port = socket.port
        core.watchdog.start()
        core.acceptor.start { [daemon] in daemon.serve($0, from: $1, $2) }
    }

    deinit { stop() }

    /// How many connections are open.
    public var openConnections: Int { core.acceptor.openConnections }

    /// How many requests have been understood but not yet answered to the end.
    public var requestsInFlight: Int { core.inFlight.count }

    /// Refuses new connections and requests, ends event streams, answers deferred requests with
    /// 503, waits for the answers under way up to `drainSeconds`, and ends the threads.
    ///
    /// Must not be called by a handler. Later calls do nothing.
    ///
    /// - Returns: false if answers had to be cut off.
    @discardableResult
    public func stop() -> Bool {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return true }
        core.acceptor.stop()
        let isDrained = core.inFlight.drain(seconds: core.configuration.drainSeconds) {
            // From here on nothing is suspended, which libmicrohttpd's stop would not survive.
            core.watchdog.announceStop {
                core.refusal(.stopping, requestID: RequestID.accepting(nil))
            }
        }
        daemon.stop()
        core.acceptor.allConnectionsEnded()
        core.watchdog.stop()
        return isDrained
    }
}
