import Foundation
import Glibc
import SpinDomain

/// Requests over sockets of their own, so that a client knows what became of each.
struct Wire: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body: Data
        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSONValue { (try? JSONParser.parse(body)) ?? .null }
    }

    enum Outcome: Sendable {
        case answered(Answer)
        /// It may have been carried out or not.
        case unknown
        /// It never left.
        case unsent

        var answer: Answer? {
            if case .answered(let answer) = self { answer } else { nil }
        }
    }

    struct NoAnswer: Error {
        var request: String
    }

    private static let timeoutSeconds = 30
    private let port: UInt16

    /// - Parameter url: `http://127.0.0.1:PORT`.
    init(_ url: String) {
        port = url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
    }

    func send(
        _ method: String, _ path: String, _ body: String = "", type: String = "application/json",
        key: String? = nil
    ) -> Outcome {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        guard connect(descriptor) else { return .unsent }
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if let key { head += "Idempotency-Key: \(key)\r\n" }
        if !body.isEmpty { head += "Content-Type: \(type)\r\n" }
        head += "Content-Length: \(body.utf8.count)\r\n\r\n"
        let bytes = Array((head + body).utf8)
        guard
            Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        else { return .unknown }
        return Self.answer(in: Self.readAll(descriptor)).map(Outcome.answered) ?? .unknown
    }

    /// - Throws: when there is no answer.
    func get(_ path: String) throws -> JSONValue { try require("GET", path).json }

    @discardableResult
    func require(
        _ method: String, _ path: String, _ body: String = "", type: String = "application/json"
    ) throws -> Answer {
        guard let answer = send(method, path, body, type: type).answer else {
            throw NoAnswer(request: "\(method) \(path)")
        }
        return answer
    }

    private func connect(_ descriptor: Int32) -> Bool {
        var timeout = timeval(tv_sec: Self.timeoutSeconds, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func readAll(_ descriptor: Int32) -> Data {
        var all = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return all }
            all.append(contentsOf: buffer[..<count])
        }
    }

    /// Nil when it is not complete.
    private static func answer(in bytes: Data) -> Answer? {
        guard let end = bytes.range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            .split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        let body = Data(bytes[end.upperBound...])
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.split(separator: ":")[1].filter { $0 != " " }) }
        guard body.count == length ?? 0 else { return nil }
        return Answer(status: status, body: body)
    }
}
