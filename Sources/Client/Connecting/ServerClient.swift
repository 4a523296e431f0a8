import Glibc
public import SpinDomain

/// Talks to one server.
public struct ServerClient: Sendable {
    /// Names with their values; what is nil is left out.
    public typealias Query = [(name: String, value: String?)]

    public let connection: ServerConnection
    /// How long a request is repeated whose answer got lost, or that came at a bad time.
    private let patienceSeconds: Double

    public init(_ connection: ServerConnection, patienceSeconds: Double = 20) {
        self.connection = connection
        self.patienceSeconds = patienceSeconds
    }

    public var address: ServerAddress { connection.address }

    /// - Throws: `ClientError`.
    public func get(
        _ path: String, query: Query = [], accepting type: String = "application/json"
    ) throws -> Answer {
        try send(
            Transfer(
                connection: connection, method: "GET", path: path + Self.text(of: query),
                headers: [("Accept", type)]))
    }

    /// - Parameter idempotencyKey: without one, repeating the request must do no harm.
    /// - Throws: `ClientError`.
    @discardableResult
    public func post(
        _ path: String, query: Query = [], _ document: JSONValue? = nil,
        idempotencyKey: String? = nil
    ) throws -> Answer {
        var headers = [(name: "Accept", value: "application/json")]
        headers.append(("Content-Type", document == nil ? "" : "application/json"))
        if let idempotencyKey { headers.append(("Idempotency-Key", idempotencyKey)) }
        let slow = 600
        return try send(
            Transfer(
                connection: connection, method: "POST", path: path + Self.text(of: query),
                headers: headers, body: document?.utf8, silenceSeconds: slow))
    }

    /// Gets a body in pieces.
    ///
    /// - Throws: `ClientError`, and what `receiver` throws.
    func stream(
        _ path: String, headers: [(name: String, value: String)], silenceSeconds: Int,
        _ receiver: @escaping (UnsafeRawBufferPointer) throws -> Bool
    ) throws -> Answer {
        let transfer = Transfer(
            connection: connection, method: "GET", path: path, headers: headers,
            silenceSeconds: silenceSeconds)
        return try checked(try transfer.perform { _, piece in try receiver(piece) })
    }

    /// Repeats what may have got lost: every request of ours can come twice.
    private func send(_ transfer: Transfer) throws -> Answer {
        let end = ContinuousClock.now + .seconds(patienceSeconds)
        var pauses = Pauses()
        var isFirst = true
        while true {
            do {
                return try checked(try transfer.perform())
            } catch let error as ClientError where error.isPassing {
                // Where nobody listens at first, nobody is about to.
                guard ContinuousClock.now < end, !(isFirst && error.kind == .unreachable) else {
                    throw error
                }
                isFirst = false
                pauses.wait()
            }
        }
    }

    private func checked(_ answer: Answer) throws -> Answer {
        guard (200..<300).contains(answer.status) else {
            throw ClientError(answer, from: address)
        }
        return answer
    }

    static func text(of query: Query) -> String {
        let fields = query.compactMap { name, value in
            value.map { name.percentEncoded + "=" + $0.percentEncoded }
        }
        return fields.isEmpty ? "" : "?" + fields.joined(separator: "&")
    }
}

/// Longer and longer ones between two tries.
struct Pauses {
    private static let longestSeconds = 3.0
    private var seconds = 0.1

    mutating func wait() {
        usleep(UInt32(seconds * 1e6))
        seconds = min(Self.longestSeconds, seconds * 2)
    }
}
