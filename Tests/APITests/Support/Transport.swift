import API
import Foundation
import Glibc
import MicroHTTP
import Testing

/// How a request reaches the handler.
enum Transport: CaseIterable, Sendable {
    /// By a call.
    case direct
    /// Through the server, over a connection on loopback.
    case socket
}

/// Sends requests to a handler, by either transport.
final class Client: Sendable {
    private let handler: ServiceHandler
    private let server: HTTPServer?

    init(_ handler: ServiceHandler, _ transport: Transport, spoolFolder: URL) throws {
        self.handler = handler
        var configuration = HTTPServerConfiguration()
        configuration.spoolFolder = spoolFolder
        server =
            switch transport {
            case .direct: nil
            case .socket: try HTTPServer(configuration, handler: handler)
            }
    }

    deinit { server?.stop() }

    var port: Int? { server?.port }

    func stop() { server?.stop() }

    func send(
        _ method: String, _ target: String, headers: [(name: String, value: String)] = [],
        body: String? = nil
    ) throws -> Answer {
        if let server {
            return try Self.send(method, target, headers, body, port: server.port)
        }
        let bytes = Data((body ?? "").utf8)
        let body = bytes.isEmpty ? HTTPRequest.Body.none : .data(bytes)
        let request = try HTTPRequest(
            method: method, target: target, headers: headers, body: body, requestID: "test-1")
        return Answer(handler.answer(to: request), isHead: request.isHead)
    }

    /// Asks for a stream over a socket; what comes is read from the connection.
    func open(
        _ target: String, headers: [(name: String, value: String)]
    ) throws -> Connection {
        let connection = try Connection(port: #require(server).port)
        var head = "GET \(target) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        try connection.write(Array((head + "\r\n").utf8))
        return connection
    }

    private static func send(
        _ method: String, _ target: String, _ headers: [(name: String, value: String)],
        _ body: String?, port: Int
    ) throws -> Answer {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.utf8.count)\r\n" }
        let connection = try Connection(port: port)
        try connection.write(Array((head + "\r\n" + (body ?? "")).utf8))
        return try Answer(wire: connection.readToEnd())
    }
}

extension Answer {
    init(_ response: HTTPResponse, isHead: Bool) {
        var body: [UInt8] = []
        switch response.body {
        case .data(let data): body = Array(data)
        case .file(let url, let range):
            let bytes = Array((try? Data(contentsOf: url)) ?? Data())
            body = range.map { Array(bytes[Int($0.lowerBound)..<Int($0.upperBound)]) } ?? bytes
        case .none, .stream, .deferred: break
        }
        self.init(
            status: response.status, headers: response.headers, body: isHead ? [] : body)
    }

    /// Reads one whole answer, chunked or not.
    init(wire: [UInt8]) throws {
        let separator = Array("\r\n\r\n".utf8)
        let end = try #require(
            wire.indices.first { wire[$0...].starts(with: separator) }, "an answer with a head")
        let lines = String(decoding: wire[..<end], as: UTF8.self).split(separator: "\r\n")
        let status = try #require(Int(lines[0].split(separator: " ")[1]))
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (
                name: String(parts[0]),
                value: parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            )
        }
        self.init(status: status, headers: headers, body: Array(wire[(end + 4)...]))
        if header("Transfer-Encoding") == "chunked" { body = Self.unchunked(body) }
    }

    private static func unchunked(_ wire: [UInt8]) -> [UInt8] {
        var rest = wire[...]
        var body: [UInt8] = []
        while let lineEnd = rest.firstIndex(of: UInt8(ascii: "\r")),
            let count = Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16), count > 0
        {
            body += rest[(lineEnd + 2)...].prefix(count)
            rest = rest[(lineEnd + 2 + count + 2)...]
        }
        return body
    }
}

/// A connection to a port of this machine.
final class Connection {
    /// Longer than anything that a test waits for; a server's heartbeats do not lengthen it.
    private static let timeoutSeconds = 30
    private let descriptor: Int32
    private let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
    private var text = ""

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let outcome = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(outcome == 0)
        var timeout = timeval(tv_sec: Self.timeoutSeconds, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            // A server that refuses a body closes before it has all of it.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// What has come since the connection was opened, as soon as `marker` is in it.
    func read(until marker: String) throws -> String {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while !text.contains(marker) {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            try #require(
                count > 0 && ContinuousClock.now < deadline,
                "the stream has \(marker); it had \(text)")
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return text
    }

    func readToEnd() throws -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return result }
            result += buffer[..<count]
        }
    }
}
