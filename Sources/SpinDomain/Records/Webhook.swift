/// Somebody who wants to be told of events, and how far that has come.
///
/// The event log is the queue of deliveries: every event up to `lastSequence` has been delivered.
public struct Webhook: Sendable, Equatable {
    /// `whk_` and 16 base-32 characters.
    public var id: String
    public var url: String
    /// Types of events, whole or as `alert.*`; `*` is all.
    public var events: [String]
    /// `whsec_` and base64, as Standard Webhooks has it.
    public var secret: String
    public var createdAt: Timestamp
    public var lastSequence: Int
    /// Attempts for the next event that have failed.
    public var failures: Int
    /// Nil when there is nothing to try again.
    public var nextAttemptAt: Timestamp?
    public var lastDeliveredAt: Timestamp?
    public var lastError: String?
    /// False when the receiver said that it is gone.
    public var isActive: Bool

    public init(
        id: String, url: String, events: [String], secret: String, createdAt: Timestamp,
        lastSequence: Int = 0, failures: Int = 0, nextAttemptAt: Timestamp? = nil,
        lastDeliveredAt: Timestamp? = nil, lastError: String? = nil, isActive: Bool = true
    ) {
        self.id = id
        self.url = url
        self.events = events
        self.secret = secret
        self.createdAt = createdAt
        self.lastSequence = lastSequence
        self.failures = failures
        self.nextAttemptAt = nextAttemptAt
        self.lastDeliveredAt = lastDeliveredAt
        self.lastError = lastError
        self.isActive = isActive
    }

    /// Whether the receiver wants events of this type.
    public func wants(_ type: String) -> Bool {
        events.contains { pattern in
            pattern == "*" || pattern == type
                || (pattern.hasSuffix(".*") && type.hasPrefix(pattern.dropLast()))
        }
    }
}
