/// Who is told of events, and how far that has come.
public protocol WebhookStore: Sendable {
    /// Stores a webhook that is told of the events from now on.
    func insert(webhook: Webhook) throws -> Webhook
    func webhook(_ id: String) throws -> Webhook
    /// Oldest first.
    func webhooks() throws -> [Webhook]
    func delete(webhook id: String) throws
    /// Changes how far deliveries have come; other changes, and webhooks that are gone, are ignored.
    func setDeliveries(of webhook: Webhook) throws
}
