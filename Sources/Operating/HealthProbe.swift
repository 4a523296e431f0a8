import Glibc
import SpinDomain

/// Asks a server whether it is ready, without anything that a slim container image lacks.
public struct HealthProbe: Sendable {
    private static let timeoutSeconds = 5
    private let host: String
    private let port: String
    private let path: String

    /// - Parameter url: `http://host[:port][/path]`; without a path, `/readyz`.
    /// - Throws: `invalid`.
    public init(url: String) throws {
        guard url.hasPrefix("http://") else {
            throw SpinError(
                .invalid, "\(url) is no address that begins with http://",
                hint: "for https use curl -fsk \(url)")
        }
        let rest = url.dropFirst("http://".utf8.count)
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count)
        self.path = path.isEmpty || path == "/" ? "/readyz" : String(path)
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            port = String(authority[end...].dropFirst(2))
        } else {
            host = String(authority.prefix { $0 != ":" })
            port = String(authority.dropFirst(host.count + 1))
        }
    }

    /// Of a server on this machine, about its readiness.
    /// - Parameters:
    ///   - host: what it binds to; may stand for all addresses.
    ///   - path: what to ask for.
    public init(listeningAt host: String, port: Int, path: String = "/readyz") {
        self.host = ["0.0.0.0", "::", ""].contains(host) ? "127.0.0.1" : host
        self.port = "\(port)"
        self.path = path
    }

    /// - Throws: `inputOutput` when nothing does.
    public func requireListening() throws {
        close(try connect())
    }

    /// The status of the answer.
    ///
    /// - Throws: `inputOutput` when there is none within a few seconds.
    public func status() throws -> Int {
        let descriptor = try connect()
        defer { close(descriptor) }
        // HTTP/1.0, so that the server closes after the answer.
        let name = host.contains(":") ? "[\(host)]" : host
        let request = Array("GET \(path) HTTP/1.0\r\nHost: \(name)\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw Self.noAnswer
        }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_WAITALL))
        let words = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(
            separator: " ")
        guard words.count > 1, words[0].hasPrefix("HTTP/"), let status = Int(words[1]) else {
            throw Self.noAnswer
        }
        return status
    }

    private func connect() throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port.isEmpty ? "80" : port, &hints, &found) == 0 else {
            throw SpinError(.inputOutput, "there is no host \(host)")
        }
        defer { freeaddrinfo(found) }
        var next = found
        while let address = next?.pointee {
            if let descriptor = Self.connect(to: address) { return descriptor }
            next = address.ai_next
        }
        throw SpinError(.inputOutput, "nothing listens on \(host) port \(port)")
    }

    private static func connect(to address: addrinfo) -> Int32? {
        let descriptor = socket(address.ai_family, address.ai_socktype, 0)
        guard descriptor >= 0 else { return nil }
        var patience = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private static let noAnswer = SpinError(.inputOutput, "there was no answer in time")
}
