public import Foundation

/// One request: a checked head and, once it has arrived, the body.
public struct HTTPRequest: Sendable {
    /// What the client sent after the head.
    public enum Body: Sendable {
        case none
        case data(Data)
        /// The body lies in a file of `count` bytes, which is removed once the request is over.
        /// A handler that wants to keep the file renames it.
        case file(URL, count: Int)
    }

    /// The method as sent, except that HEAD arrives as `GET` with `isHead` set: the server sends
    /// the headers of the answer and drops its body.
    public let method: String
    public let isHead: Bool
    /// The request target byte for byte.
    public let target: String
    /// The part of the target before `?`, not decoded.
    public let path: String
    /// The segments of the path, each decoded.
    ///
    /// `/` has none, `/a/` has `a` and an empty one. None contains a NUL or a slash, and none is
    /// `.` or `..`.
    public let segments: [String]
    /// The fields of the query in their order, names and values decoded; `+` is a space.
    public let query: [(name: String, value: String)]
    /// The header fields in their order, names as sent.
    public let headers: [(name: String, value: String)]
    /// The client's `X-Request-Id` where that is well-formed, otherwise a fresh one.
    public let requestID: String
    /// The numeric address of the other end of the connection.
    public let remoteAddress: String
    public internal(set) var body: Body

    /// Makes a request without a connection, for tests of a handler.
    ///
    /// - Throws: `MalformedRequest` when the target is not an acceptable one.
    public init(
        method: String, target: String, headers: [(name: String, value: String)] = [],
        body: Body = .none, requestID: String = "none", remoteAddress: String = "127.0.0.1"
    ) throws {
        let parsed = try RequestTarget(target)
        self.init(
            method: method, target: parsed, headers: headers, body: body, requestID: requestID,
            remoteAddress: remoteAddress)
    }

    init(
        method: String, target: RequestTarget, headers: [(name: String, value: String)],
        body: Body, requestID: String, remoteAddress: String
    ) {
        isHead = method == "HEAD"
        self.method = isHead ? "GET" : method
        self.target = target.raw
        path = target.path
        segments = target.segments
        query = target.query
        self.headers = headers
        self.body = body
        self.requestID = requestID
        self.remoteAddress = remoteAddress
    }

    /// The value of the first field of that name, whatever the case of its letters.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    /// The values of all fields of that name, whatever the case of its letters.
    public func headerValues(_ name: String) -> [String] {
        headers.filter { $0.name.equalsIgnoringASCIICase(name) }.map(\.value)
    }

    /// The value of the first query field of that name.
    public func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }
}
