/// What the server does with a request's body.
public enum BodyPolicy: Sendable {
    /// Collects at most so many bytes in memory, and refuses more with 413.
    case memory(maximumBytes: Int)
    /// Collects at most so many bytes in a temporary file, and refuses more with 413.
    case file(maximumBytes: Int)
    /// Answers at once, without reading the body, and closes the connection.
    case refuse(HTTPResponse)
}

/// Answers requests, on the server's threads.
///
/// A connection shares its thread with others: a call that waits stalls them all, so work that
/// takes long is answered by `HTTPResponse.deferred`.
public protocol HTTPHandler: Sendable {
    /// Answers a request whose body, if it has one, has arrived as `admit` said.
    func respond(to request: HTTPRequest) -> HTTPResponse

    /// Says what to do with a body, from the head alone; called for requests that carry one.
    func admit(_ head: HTTPRequest) -> BodyPolicy

    /// Renders an answer that the server gives by itself, such as 400, 413 or 503.
    ///
    /// - Parameter reason: one English sentence about what is wrong with the request.
    func refusal(status: Int, reason: String, requestID: String) -> HTTPResponse

    /// Hears what became of a request; called on a server thread, so that it must not wait.
    func requestEnded(_ record: RequestRecord)
}

extension HTTPHandler {
    public func requestEnded(_ record: RequestRecord) {}

    public func admit(_ head: HTTPRequest) -> BodyPolicy { .memory(maximumBytes: 1 << 20) }

    public func refusal(status: Int, reason: String, requestID: String) -> HTTPResponse {
        .text(reason + "\n", status: status)
    }
}
