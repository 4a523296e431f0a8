import GRDB
public import SpinDomain

extension SQLiteStore {
    public func insert(webhook: Webhook) throws -> Webhook {
        try write { database in
            var webhook = webhook
            let newest = try Int.fetchOne(database, sql: "SELECT MAX(sequence) FROM event")
            webhook.lastSequence = newest ?? 0
            try webhook.insert(into: database)
            return webhook
        }
    }

    public func webhook(_ id: String) throws -> Webhook {
        try read { database in
            guard let webhook = try Webhook.fetch(database, "WHERE id = ?", [id]).first else {
                throw SpinError.notFound("webhook", id)
            }
            return webhook
        }
    }

    public func webhooks() throws -> [Webhook] {
        try read { try Webhook.fetch($0, "ORDER BY created_at, id", []) }
    }

    public func delete(webhook id: String) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM webhook WHERE id = ?", arguments: [id])
            guard database.changesCount > 0 else { throw SpinError.notFound("webhook", id) }
        }
    }

    public func setDeliveries(of webhook: Webhook) throws {
        try write { database in
            try database.execute(
                sql: """
                    UPDATE webhook
                    SET last_sequence = ?, failures = ?, next_attempt_at = ?,
                        last_delivered_at = ?, last_error = ?, is_active = ?
                    WHERE id = ?
                    """,
                arguments: [
                    webhook.lastSequence, webhook.failures, webhook.nextAttemptAt?.microseconds,
                    webhook.lastDeliveredAt?.microseconds, webhook.lastError, webhook.isActive,
                    webhook.id,
                ])
        }
    }
}
