import GRDB

extension SQLiteStore {
    /// Runs SQL as it stands on the writing connection, for what the tables themselves must refuse.
    package func execute(sql: String) throws {
        try Self.translating { try pool.writeWithoutTransaction { try $0.execute(sql: sql) } }
    }

    /// The first value of each row, as text.
    /// - Parameter isReader: whether to ask a reading connection instead of the writing one.
    package func values(sql: String, isReader: Bool = false) throws -> [String] {
        try Self.translating {
            let fetch = { (database: Database) in
                try DatabaseValue.fetchAll(database, sql: sql).map {
                    String.fromDatabaseValue($0) ?? $0.description
                }
            }
            return try isReader ? pool.read(fetch) : pool.writeWithoutTransaction(fetch)
        }
    }
}
