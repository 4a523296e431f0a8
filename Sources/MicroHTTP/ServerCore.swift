import CMicroHTTPD
import Glibc

/// What all threads of one server share.
final class ServerCore: Sendable {
    let configuration: HTTPServerConfiguration
    let handler: any HTTPHandler
    let watchdog = Watchdog()
    let inFlight = RequestsInFlight()
    let acceptor: Acceptor
    private let byAddress: ConnectionsByAddress

    init(configuration: HTTPServerConfiguration, handler: any HTTPHandler, acceptor: Acceptor) {
        self.configuration = configuration
        self.handler = handler
        self.acceptor = acceptor
        byAddress = ConnectionsByAddress(maximum: configuration.maximumConnectionsPerAddress)
    }

    /// An answer of the server itself; the connection ends after it.
    func refusal(_ problem: MalformedRequest, requestID: String) -> HTTPResponse {
        var response = handler.refusal(
            status: problem.status, reason: problem.reason, requestID: requestID)
        response.headers.append(("Connection", "close"))
        return response
    }

    func connectionStarted(_ handle: OpaquePointer) -> Connection {
        let connection = Connection(
            descriptor: microhttpd_socket(handle),
            remoteAddress: microhttpd_client_address(handle).map(SocketAddress.numeric)
                ?? "unknown",
            limits: configuration)
        _ = watchdog.add(connection)
        return connection
    }

    func connectionClosed(_ connection: Connection) {
        connection.isClosing()
        watchdog.remove(connection)
        byAddress.leave(connection.remoteAddress)
        acceptor.connectionEnded()
    }

    /// Before libmicrohttpd gets to see it.
    ///
    /// - Returns: false if the address has enough connections already.
    func connectionArrived(from address: UnsafePointer<sockaddr>) -> Bool {
        byAddress.enter(SocketAddress.numeric(address))
    }

    /// After `connectionArrived`, where libmicrohttpd could not take it.
    func connectionLost(from address: UnsafePointer<sockaddr>) {
        byAddress.leave(SocketAddress.numeric(address))
    }
}
