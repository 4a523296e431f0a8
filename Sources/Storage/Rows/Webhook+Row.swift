import GRDB
import SpinDomain

extension Webhook: StoredRecord {
    static let table = Table(
        name: "webhook",
        columns: [
            "id", "url", "events", "secret", "created_at", "last_sequence", "failures",
            "next_attempt_at", "last_delivered_at", "last_error", "is_active",
        ])

    init(from reader: inout ColumnReader) throws {
        self.init(
            id: try reader.next(), url: try reader.next(),
            events: (try reader.json().array ?? []).compactMap(\.string),
            secret: try reader.next(), createdAt: try reader.time(),
            lastSequence: try reader.next(), failures: try reader.next(),
            nextAttemptAt: try reader.optionalTime(), lastDeliveredAt: try reader.optionalTime(),
            lastError: try reader.optional(), isActive: try reader.next())
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        [
            id, url, JSONValue(events).text, secret, createdAt.microseconds, lastSequence,
            failures, nextAttemptAt?.microseconds, lastDeliveredAt?.microseconds, lastError,
            isActive,
        ]
    }
}
