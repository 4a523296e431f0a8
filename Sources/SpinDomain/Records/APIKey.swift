/// What the bearer of a key may do; each scope includes those before it.
public enum AccessScope: String, Sendable, CaseIterable, Comparable {
    /// Look at everything.
    case read
    /// Also submit, steer and remove jobs, data sets and models.
    case submit
    /// Also keys, backups, and what else concerns the server as a whole.
    case admin

    public static func < (left: AccessScope, right: AccessScope) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What is known of a key; the secret that its bearer shows is not.
public struct APIKey: Sendable, Equatable {
    /// Part of the text that the bearer shows, and no secret.
    public var id: String
    /// For people: whose it is, or what for.
    public var name: String
    public var scope: AccessScope
    public var salt: [UInt8]
    /// SHA-256 of salt and secret.
    public var digest: [UInt8]
    public var createdAt: Timestamp
    /// Nil for a key that does not expire.
    public var expiresAt: Timestamp?

    public init(
        id: String, name: String, scope: AccessScope, salt: [UInt8], digest: [UInt8],
        createdAt: Timestamp, expiresAt: Timestamp?
    ) {
        self.id = id
        self.name = name
        self.scope = scope
        self.salt = salt
        self.digest = digest
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    public func isExpired(at time: Timestamp) -> Bool { expiresAt.map { $0 <= time } ?? false }
}
