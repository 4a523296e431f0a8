import MicroHTTP
import SpinDomain
import Webhooks

// Who is told of events.

extension Service {
    /// The one answer that shows the secret.
    func addWebhook(_ call: Call) throws -> HTTPResponse {
        guard webhooksAreOn else {
            throw Refusal(
                status: 403, code: "forbidden", "webhooks are off",
                hint: "the operator allows them with spind serve --allow-webhooks")
        }
        let request = try WebhookRequest(json: try call.requiredDocument())
        var random = SystemRandomNumberGenerator()
        let webhook = try store.insert(
            webhook: Webhook(
                id: "whk_" + random.idCharacters(16), url: request.url,
                events: request.events,
                secret: request.secret ?? WebhookSecret.make(using: &random),
                createdAt: clock.now()))
        return .json(
            webhook.json(showsSecret: true), status: 201,
            headers: [("Location", Link.webhook(webhook.id))])
    }

    func listWebhooks(_ call: Call) throws -> HTTPResponse {
        ListAnswer(
            try store.webhooks(), id: { .string($0.id) }, json: { $0.json(showsSecret: false) }
        ).response
    }

    func showWebhook(_ call: Call) throws -> HTTPResponse {
        .json(try store.webhook(call.parameter("webhook")).json(showsSecret: false))
    }

    func deleteWebhook(_ call: Call) throws -> HTTPResponse {
        try store.delete(webhook: call.parameter("webhook"))
        return .noContent
    }
}

extension Webhook {
    fileprivate func json(showsSecret: Bool) -> JSONValue {
        var object: JSONObject = [
            "id": .string(id), "object": "webhook", "url": .string(url),
            "events": JSONValue(events), "is_active": .bool(isActive),
            "created_at": .string(createdAt.text), "last_sequence": .integer(lastSequence),
            "failures": .integer(failures), "next_attempt_at": JSONValue(nextAttemptAt?.text),
            "last_delivered_at": JSONValue(lastDeliveredAt?.text),
            "last_error": JSONValue(lastError),
            "links": ["self": .string(Link.webhook(id))],
        ]
        if showsSecret { object["secret"] = .string(secret) }
        return .object(object)
    }
}
