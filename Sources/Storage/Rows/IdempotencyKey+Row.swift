import GRDB
import SpinDomain

extension IdempotencyKey {
    /// Stores the key with what its request did, and forgets those that are too old.
    func insert(job: String, into database: Database) throws {
        try database.execute(
            sql: "DELETE FROM idempotency WHERE created_at NOT BETWEEN ? AND ?",
            arguments: [oldestKept.microseconds, newestKept.microseconds])
        try database.execute(
            sql: """
                INSERT INTO idempotency (api_key, key, fingerprint, job, created_at)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [apiKey, key, fingerprint, job, time.microseconds])
    }
}

extension SQLiteStore {
    /// The job of an earlier request with this key; one of an older schema has no fingerprint.
    ///
    /// What came without an API key, or is from an older schema, holds for everybody: the client
    /// may repeat its request after it was given an API key, or after an upgrade.
    /// - Throws: `keyReused`.
    func job(of key: IdempotencyKey, in database: Database) throws -> Job? {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT fingerprint, job FROM idempotency
                WHERE key = ? AND api_key IN (?, '') AND created_at BETWEEN ? AND ?
                ORDER BY api_key DESC LIMIT 1
                """,
            arguments: [
                key.key, key.apiKey, key.oldestKept.microseconds, key.newestKept.microseconds,
            ])
        guard let row else { return nil }
        var reader = ColumnReader(row)
        let fingerprint: String = try reader.next()
        guard fingerprint.isEmpty || fingerprint == key.fingerprint else {
            throw SpinError(
                .keyReused, "the idempotency key '\(key.key)' came with another request before",
                hint: "use a new key for a new request")
        }
        return try job(try reader.next(), in: database)
    }
}
