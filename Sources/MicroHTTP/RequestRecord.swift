/// What became of a request, for logs and counters.
public struct RequestRecord: Sendable {
    public let requestID: String
    public let remoteAddress: String
    public let method: String
    /// The target without its query, which may hold what is nobody's business.
    public let path: String
    /// Nil if the connection ended before there was an answer.
    public let status: Int?
    /// From the complete head to the end of the answer.
    public let seconds: Double
    /// Whether the answer went out as a whole.
    public let isComplete: Bool
}
