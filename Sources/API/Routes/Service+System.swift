import MicroHTTP
import SpinDomain

// Where to begin, how the server is, and the contract.

extension Service {
    func showIndex(_ call: Call) throws -> HTTPResponse {
        .json([
            "object": "index", "name": "spind", "version": .string(version),
            "links": [
                "jobs": "/v1/jobs", "datasets": "/v1/datasets", "models": "/v1/models",
                "events": "/v1/events", "metric_definitions": "/v1/metrics/definitions",
                "keys": "/v1/keys", "contract": "/openapi.yaml", "health": "/healthz",
                "readiness": "/readyz", "prometheus": "/metrics",
            ],
        ])
    }

    func showPage(_ call: Call) throws -> HTTPResponse {
        let type = try AcceptHeader(call.request).choose(among: ["text/plain", "text/html"])
        let routes = Route.all.map { "\($0.method) \($0.pattern)" }
        let title = "spind \(version)"
        let intro = "Trains small language models by self-play fine-tuning (SPIN)."
        if type == "text/html" {
            let items = routes.map { "<li><code>\($0)</code></li>" }.joined(separator: "\n")
            return .text(
                """
                <!doctype html>
                <html lang="en"><meta charset="utf-8"><title>\(title)</title>
                <h1>\(title)</h1>
                <p>\(intro) The contract: <a href="/openapi.yaml">openapi.yaml</a>;
                the jobs: <a href="/v1/jobs">/v1/jobs</a>.</p>
                <ul>
                \(items)
                </ul>
                </html>

                """, contentType: "text/html; charset=utf-8")
        }
        return .text("\(title)\n\(intro)\n\n" + routes.map { $0 + "\n" }.joined())
    }

    func showHealth(_ call: Call) throws -> HTTPResponse { .json(["status": "ok"]) }

    /// Ready means: the store answers, and the program is not on its way down.
    func showReadiness(_ call: Call) throws -> HTTPResponse {
        guard isReady() else { throw Refusal.busy("the server is starting or stopping") }
        _ = try store.jobs(status: nil, limit: 1, after: nil)
        return .json(["status": "ready"])
    }

    func showContract(_ call: Call) throws -> HTTPResponse {
        .bytes(Contract.bytes, contentType: "application/yaml")
    }
}
