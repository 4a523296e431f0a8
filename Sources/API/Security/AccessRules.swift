/// What the operator has decided about who may come in.
public struct AccessRules: Sendable {
    /// Whether everybody may do everything as long as there is no key.
    public var isOpenWithoutKeys = true
    public var hosts = HostRule(boundTo: "127.0.0.1")
    public var origins = OriginRule()
    /// For each key and for each address without one; nil for no limit.
    public var requestsPerSecond: Double?

    public init() {}
}
