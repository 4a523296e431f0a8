import MicroHTTP
import SpinDomain

// Where to begin, how the server is, and the contract.

extension Service {
    func showIndex(_ call: Call) throws -> HTTPResponse {
        .json([
            "object": "index", "name": "spind", "version": .string(version),
            "links": [
                "jobs": "/v1/jobs", "queue": "/v1/queue", "datasets": "/v1/datasets",
                "models": "/v1/models", "completions": "/v1/completions",
                "chat_completions": "/v1/chat/completions", "events": "/v1/events",
                "metric_definitions": "/v1/metrics/definitions", "keys": "/v1/keys",
                "webhooks": "/v1/webhooks", "contract": "/openapi.yaml", "health": "/healthz",
                "readiness": "/readyz", "prometheus": "/metrics",
            ],
        ])
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
