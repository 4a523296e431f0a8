/// What somebody asks for who wants a new API key.
public struct KeyRequest: Sendable, Equatable {
    /// A minute and a half.
    public static let minimumDays = 0.001
    public static let maximumDays = 3650.0

    public var name: String
    public var scope: AccessScope
    /// Nil for a key that does not expire.
    public var expiresInDays: Double?

    /// - Throws: `invalid` with every problem at once.
    public init(name: String, scope: AccessScope, expiresInDays: Double? = nil) throws {
        let days = expiresInDays.map { [("expires_in_days", JSONValue.number($0))] } ?? []
        try self.init(
            json: .object(
                JSONObject(
                    [("name", .string(name)), ("scope", .string(scope.rawValue))] + days)))
    }

    /// - Throws: `invalid` with every problem at once.
    public init(json: JSONValue) throws {
        var reader = FieldReader(json, pointer: "")
        let name = reader.string("name", maximumLength: 100)
        if name == nil, reader.problems.isEmpty {
            reader.fail("name", "expected a name, so that people know whose key it is")
        }
        var scope = AccessScope.read
        if json["scope"] == nil {
            _ = reader.value("scope")
            let scopes = AccessScope.allCases.map(\.rawValue).joined(separator: ", ")
            reader.fail("scope", "expected one of \(scopes)")
        } else {
            reader.choice("scope", &scope)
        }
        let days = reader.present("expires_in_days").flatMap {
            reader.checked($0, "expires_in_days", in: Self.minimumDays...Self.maximumDays)
        }
        let problems = reader.finish()
        guard problems.isEmpty, let name else {
            throw SpinError.invalid("the key", problems: problems)
        }
        self.name = name
        self.scope = scope
        expiresInDays = days
    }

    public func expiry(from time: Timestamp) -> Timestamp? {
        expiresInDays.map {
            Timestamp(microseconds: time.microseconds + Int($0 * 86_400 * 1e6))
        }
    }
}
