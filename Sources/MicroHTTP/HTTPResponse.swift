public import Foundation

/// One answer: status, header fields, body.
///
/// `Content-Length` or chunked framing, `Date`, `Connection` and `X-Request-Id` are the server's.
public struct HTTPResponse: Sendable {
    public enum Body: Sendable {
        case none
        case data(Data)
        /// The given bytes of a regular file, or all of them; sent without a copy in this process.
        case file(URL, range: Range<Int64>?)
        /// Bytes that come as the stream's owner sends them.
        case stream(EventStream)
        /// The whole answer comes later; the status and header fields beside it are not used.
        case deferred(DeferredResponse)
    }

    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: Body

    public init(
        status: Int, headers: [(name: String, value: String)] = [], body: Body = .none
    ) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Answers with the UTF-8 bytes of a text.
    public static func text(
        _ text: String, status: Int = 200, contentType: String = "text/plain; charset=utf-8"
    ) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", contentType)], body: .data(Data(text.utf8)))
    }

    /// Answers later, from any thread.
    public static func deferred(_ response: DeferredResponse) -> HTTPResponse {
        HTTPResponse(status: 200, body: .deferred(response))
    }

    /// Answers with Server-Sent Events, kept out of caches and of proxies' buffers.
    public static func events(_ stream: EventStream) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: [
                ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"),
                ("X-Accel-Buffering", "no"),
            ],
            body: .stream(stream))
    }
}
