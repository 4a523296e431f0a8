import MicroHTTP
import SpinDomain

/// Who asks, as far as that matters to the answer.
struct Visitor: Sendable {
    /// Nil for somebody without a key.
    let keyID: String?
    let scope: AccessScope
}

/// Decides who may come in, before anything is looked up.
struct Gate: Sendable {
    /// So many wrong keys an address may show at once, and then one every six seconds.
    private static let wrongKeys = (burst: 10.0, perSecond: 1.0 / 6)

    private let rules: AccessRules
    private let keys: KeyRing
    private let clock: any Clock
    private let requests: RateLimit?
    private let failures = RateLimit(
        perSecond: Gate.wrongKeys.perSecond, burst: Gate.wrongKeys.burst)

    init(_ rules: AccessRules, keys: KeyRing, clock: any Clock) {
        self.rules = rules
        self.keys = keys
        self.clock = clock
        requests = rules.requestsPerSecond.map { RateLimit(perSecond: $0, burst: max(1, 2 * $0)) }
    }

    /// Names the visitor.
    ///
    /// - Parameters:
    ///   - isOpenToAll: whether the route needs no key at all.
    ///   - isOnlyALook: for a head whose body is still to come: it is counted when it is whole.
    /// - Throws: refusals with 421, 403, 401 and 429, in this order.
    func visitor(
        _ request: HTTPRequest, isOpenToAll: Bool, isOnlyALook: Bool = false
    ) throws -> Visitor {
        guard rules.hosts.allows(request.header("Host")) else { throw Refusal.misdirected }
        try rules.origins.check(request)
        let now = clock.now()
        let address = Self.network(of: request.remoteAddress)
        if isOpenToAll || (keys.isEmpty && rules.isOpenWithoutKeys) {
            try requests?.take(address, at: now, isOnlyALook: isOnlyALook)
            return Visitor(keyID: nil, scope: isOpenToAll ? .read : .admin)
        }
        guard let text = Self.bearerText(request) else {
            try requests?.take(address, at: now, isOnlyALook: isOnlyALook)
            throw Refusal.unauthorized("this server wants an API key", isWrongKey: false)
        }
        guard let key = keys.bearer(of: text) else {
            try failures.take(address, at: now, isOnlyALook: isOnlyALook)
            throw Refusal.unauthorized("the key is unknown or has expired", isWrongKey: true)
        }
        try requests?.take(key.id, at: now, isOnlyALook: isOnlyALook)
        return Visitor(keyID: key.id, scope: key.scope)
    }

    /// - Throws: a refusal with 403 that names the scope.
    func check(_ visitor: Visitor, mayUse route: Route) throws {
        guard let needed = route.scope, visitor.scope < needed else { return }
        throw Refusal.forbidden(needed: needed, has: visitor.scope)
    }

    /// - Parameter allowed: the methods of the path.
    func preflightAnswer(_ request: HTTPRequest, allowed: String?) -> HTTPResponse? {
        rules.hosts.allows(request.header("Host"))
            ? rules.origins.preflightAnswer(request, allowed: allowed) : nil
    }

    /// Adds what browsers need to know about every answer.
    func guarded(_ response: HTTPResponse, _ request: HTTPRequest) -> HTTPResponse {
        var response = response
        response.headers += SecurityHeaders.fields(for: response)
        response.headers += rules.origins.headers(for: request)
        return response
    }

    /// The text after `Bearer`; nil when there is none, or more than one field.
    private static func bearerText(_ request: HTTPRequest) -> String? {
        let fields = request.headerValues("Authorization")
        guard fields.count == 1 else { return nil }
        let words = fields[0].split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return String(words[1])
    }

    /// One client of IPv6 has a whole /64 to choose from.
    private static func network(of address: String) -> String {
        guard address.contains(":"), !address.hasPrefix("::") else { return address }
        return address.split(separator: ":", omittingEmptySubsequences: false).prefix(4)
            .joined(separator: ":")
    }
}
