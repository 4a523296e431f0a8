import MicroHTTP

/// Finds the route of a request among the table's.
struct Router: Sendable {
    let routes: [Route]

    /// - Throws: a refusal with 404, or with 405 and `Allow`.
    func find(_ request: HTTPRequest) throws -> (route: Route, parameters: [String: String]) {
        let candidates = routes.compactMap { route in
            route.match(request.segments).map { (route: route, parameters: $0) }
        }
        if let match = candidates.first(where: { $0.route.method == request.method }) {
            return match
        }
        guard !candidates.isEmpty else {
            throw Refusal.notFound(
                "there is nothing at \(request.path)", hint: hint(for: request.path))
        }
        let allowed = Self.allowed(candidates.map(\.route))
        throw Refusal(
            status: 405, code: "method_not_allowed",
            "\(request.method) is not possible at \(request.path)",
            hint: "possible here: \(allowed)", headers: [("Allow", allowed)])
    }

    /// The value of `Allow` for a path; nil for one that has no route.
    func allowed(_ request: HTTPRequest) -> String? {
        let matching = routes.filter { $0.match(request.segments) != nil }
        return matching.isEmpty ? nil : Self.allowed(matching)
    }

    private static func allowed(_ routes: [Route]) -> String {
        let methods = routes.map(\.method)
        return (methods + (methods.contains("GET") ? ["HEAD"] : []) + ["OPTIONS"])
            .joined(separator: ", ")
    }

    private func hint(for path: String) -> String {
        let withVersion = "/v1" + path
        let segments = withVersion.split(separator: "/").map(String.init)
        return routes.contains { $0.match(segments) != nil }
            ? "did you mean \(withVersion)?" : "GET /v1 lists the routes"
    }
}
