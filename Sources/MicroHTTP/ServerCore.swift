import CMicroHTTPD
import Glibc

/// What all threads of one server share.
final class ServerCore: Sendable {
    let configuration: HTTPServerConfiguration
    let handler: any HTTPHandler
    let watchdog = Watchdog()
    let inFlight = RequestsInFlight()
    let acceptor: Acceptor

    init(configuration: HTTPServerConfiguration, handler: any HTTPHandler, acceptor: Acceptor) {
        self.configuration = configuration
        self.handler = handler
        self.acceptor = acceptor
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
            descriptor: microhttpd_socket(handle), remoteAddress: Self.remoteAddress(of: handle),
            limits: configuration)
        _ = watchdog.add(connection)
        return connection
    }

    func connectionClosed(_ connection: Connection) {
        connection.isClosing()
        watchdog.remove(connection)
        acceptor.connectionEnded()
    }

    private static func remoteAddress(of handle: OpaquePointer) -> String {
        guard let address = microhttpd_client_address(handle) else { return "unknown" }
        let raw = UnsafeRawPointer(address)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            var ip = raw.load(as: sockaddr_in.self).sin_addr
            inet_ntop(AF_INET, &ip, &text, socklen_t(text.count))
        case AF_INET6:
            var ip = raw.load(as: sockaddr_in6.self).sin6_addr
            inet_ntop(AF_INET6, &ip, &text, socklen_t(text.count))
        default: return "unknown"
        }
        return text.withUnsafeBufferPointer { buffer in
            String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
