import Glibc

/// A client that sends any bytes, and never waits longer than its patience.
final class RawClient {
    enum Failure: Error {
        case system(String, Int32)
        case tooLate
        /// The server closed or reset the connection.
        case closed
        case notHTTP(String)
    }

    struct Response {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// Far longer than anything takes here, even on a loaded machine.
    static let patienceSeconds = 20.0
    let descriptor: Int32
    private(set) var buffer: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure.system("socket", errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw Failure.system("connect", code)
        }
    }

    deinit { Glibc.close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: Int16(POLLOUT))
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure.closed }
            rest = rest.dropFirst(count)
        }
    }

    func get(_ target: String, headers: String = "") throws -> Response {
        try send("GET \(target) HTTP/1.1\r\nHost: test\r\n\(headers)\r\n")
        return try response()
    }

    /// Reads one response, framed by its headers; what follows it stays for the next call.
    func response(toHead: Bool = false) throws -> Response {
        var response = try head()
        let hasNoBody = response.status < 200 || [204, 304].contains(response.status)
        if toHead || hasNoBody { return response }
        if response.header("Transfer-Encoding") == "chunked" {
            while let chunk = try chunk() { response.body += chunk }
        } else if let length = response.header("Content-Length").flatMap({ Int($0) }) {
            response.body = try take(length)
        } else {
            response.body = try rest()
        }
        return response
    }

    /// Reads up to the empty line after the header fields.
    func head() throws -> Response {
        let lines = try line(endingIn: "\r\n\r\n").split(separator: "\r\n").map(String.init)
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw Failure.notHTTP(lines[0])
        }
        let headers = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (
                name: String(line[..<colon]),
                value: String(line[colon...].drop { $0 == ":" || $0 == " " })
            )
        }
        return Response(status: status, headers: headers, body: [])
    }

    /// Reads one chunk of a chunked body; nil at its end.
    func chunk() throws -> [UInt8]? {
        let size = try line(endingIn: "\r\n")
        guard let count = Int(size, radix: 16) else { throw Failure.notHTTP(size) }
        let bytes = try take(count)
        _ = try take(2)
        return count == 0 ? nil : bytes
    }

    /// Reads until the server closes the connection.
    func rest() throws -> [UInt8] {
        do {
            while true { try receive() }
        } catch Failure.closed {
            defer { buffer = [] }
            return buffer
        }
    }

    /// Stops sending, as a client does that still wants to read.
    func closeSendingSide() { shutdown(descriptor, Int32(SHUT_WR)) }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try receive() }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private func line(endingIn end: String) throws -> String {
        let end = Array(end.utf8)
        var searched = 0
        while true {
            while searched + end.count <= buffer.count {
                if buffer[searched..<searched + end.count].elementsEqual(end) {
                    let line = String(decoding: buffer[..<searched], as: UTF8.self)
                    buffer.removeFirst(searched + end.count)
                    return line
                }
                searched += 1
            }
            try receive()
        }
    }

    private func receive() throws {
        try wait(for: Int16(POLLIN))
        var block = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &block, block.count, 0)
        guard count > 0 else { throw Failure.closed }
        buffer += block[..<count]
    }

    private func wait(for events: Int16) throws {
        var poll = pollfd(fd: descriptor, events: events, revents: 0)
        guard Glibc.poll(&poll, 1, Int32(Self.patienceSeconds * 1000)) > 0 else {
            throw Failure.tooLate
        }
    }
}
