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
    private let daemons: Daemons
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
            daemons = Daemons(try Daemon(core: core, identity: configuration.identity))
        } catch {
            close(socket.descriptor)
            throw error
        }
        port = socket.port
        core.watchdog.start()
        core.acceptor.start { [core, daemons] descriptor, address, length in
            guard core.connectionArrived(from: address) else {
                close(descriptor)
                return false
            }
            let isServed = daemons.serve(descriptor, from: address, length)
            if !isServed { core.connectionLost(from: address) }
            return isServed
        }
    }

    deinit { stop() }

    /// How many connections are open.
    public var openConnections: Int { core.acceptor.openConnections }

    /// How many requests have been understood but not yet answered to the end.
    public var requestsInFlight: Int { core.inFlight.count }

    /// Shows another certificate to clients that connect from now on.
    ///
    /// - Throws: `HTTPServerError`; then everything stays as it is.
    public func renew(_ identity: TLSIdentity) throws(HTTPServerError) {
        guard core.configuration.identity != nil, !isStopped.load(ordering: .acquiring) else {
            throw .badIdentity("the server speaks plain HTTP, or has stopped")
        }
        daemons.add(try Daemon(core: core, identity: identity))
    }

    /// Listens for a moment, to see whether a server could.
    ///
    /// - Throws: `HTTPServerError` when the address is none of this machine's or the port is taken.
    public static func tryToListen(host: String, port: Int) throws(HTTPServerError) {
        close(try ListeningSocket(host: host, port: port).descriptor)
    }

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
        daemons.stop()
        core.acceptor.allConnectionsEnded()
        core.watchdog.stop()
        return isDrained
    }
}
