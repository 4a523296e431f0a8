import MicroHTTP

/// Which pages may use the service from a browser: its own, and those that the operator names.
public struct OriginRule: Sendable {
    private static let allowedHeaders = [
        "Authorization", "Content-Type", "Accept", "Idempotency-Key", "If-Match", "If-None-Match",
        "Last-Event-ID", "Range", "X-Request-Id",
    ].joined(separator: ", ")
    private static let exposedHeaders = [
        "ETag", "Link", "Location", "Retry-After", "X-Request-Id", "Idempotency-Replayed",
        "Content-Range",
    ].joined(separator: ", ")

    private let origins: Set<String>

    /// - Parameter origins: as browsers send them: `https://dashboard.example`.
    public init(allowing origins: [String] = []) {
        self.origins = Set(origins.map { $0.lowercased() })
    }

    /// - Throws: a refusal with 403 for a change that another site's page asks for.
    func check(_ request: HTTPRequest) throws {
        let isSafe = ["GET", "OPTIONS"].contains(request.method)
        guard !isSafe, let origin = request.header("Origin"), !isAllowed(origin) else { return }
        guard !Self.isOwn(origin, request) else { return }
        throw Refusal(
            status: 403, code: "foreign_origin",
            "pages of another site cannot change anything here",
            hint: "start the server with --allow-origin to let that site in")
    }

    /// What lets an allowed page read the answer; nothing for others.
    func headers(for request: HTTPRequest) -> [(name: String, value: String)] {
        guard let origin = request.header("Origin"), isAllowed(origin) else { return [] }
        return [
            ("Access-Control-Allow-Origin", origin), ("Vary", "Origin"),
            ("Access-Control-Expose-Headers", Self.exposedHeaders),
        ]
    }

    /// The answer to a browser that asks before it sends (a preflight); nil for other requests.
    func preflightAnswer(_ request: HTTPRequest, allowed: String?) -> HTTPResponse? {
        guard request.method == "OPTIONS", let origin = request.header("Origin"),
            isAllowed(origin), request.header("Access-Control-Request-Method") != nil,
            let allowed
        else { return nil }
        return HTTPResponse(
            status: 204,
            headers: [
                ("Allow", allowed), ("Access-Control-Allow-Methods", allowed),
                ("Access-Control-Allow-Headers", Self.allowedHeaders),
                ("Access-Control-Max-Age", "600"),
            ])
    }

    private func isAllowed(_ origin: String) -> Bool { origins.contains(origin.lowercased()) }

    /// Whether it is a page that this server gave, whatever scheme a proxy before it speaks.
    private static func isOwn(_ origin: String, _ request: HTTPRequest) -> Bool {
        guard let host = request.header("Host")?.lowercased() else { return false }
        return ["http://", "https://"].contains { origin.lowercased() == $0 + host }
    }
}
