import MicroHTTP
import SpinDomain

// The dashboard: a page that talks to the other routes.

extension Service {
    /// Everything that the page may load comes from here, and no script stands in the page itself.
    private static let contentSecurityPolicy = [
        "default-src 'self'", "img-src 'self' data:", "object-src 'none'", "base-uri 'none'",
        "form-action 'self'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    func showPage(_ call: Call) throws -> HTTPResponse {
        let type = try AcceptHeader(call.request).choose(among: ["text/plain", "text/html"])
        guard type == "text/html" else {
            let routes = Route.all.map { "\($0.method) \($0.pattern)\n" }.joined()
            return .text(
                """
                spind \(version)
                Trains small language models by self-play fine-tuning (SPIN).

                \(routes)
                """)
        }
        return DashboardFiles.embedded.page.response(
            to: call.request,
            headers: [
                ("Cache-Control", "no-cache"), ("Vary", "Accept, Accept-Encoding"),
                ("Content-Security-Policy", Self.contentSecurityPolicy),
                ("Referrer-Policy", "no-referrer"),
            ])
    }

    /// A file of the page; its folder changes with its contents, so that it may be kept for ever.
    func showAsset(_ call: Call) throws -> HTTPResponse {
        let name = call.parameter("file")
        guard
            let asset = DashboardFiles.embedded.asset(name, version: call.parameter("version"))
        else {
            throw Refusal.notFound(
                "the dashboard has no file \(call.request.path)", hint: "load the page / again")
        }
        return asset.response(
            to: call.request,
            headers: [
                ("Cache-Control", "public, max-age=31536000, immutable"),
                ("Vary", "Accept-Encoding"),
            ])
    }

    /// The contract as JSON, from which the dashboard makes its form.
    func showContractAsJSON(_ call: Call) throws -> HTTPResponse { try Contract.json.get() }
}
