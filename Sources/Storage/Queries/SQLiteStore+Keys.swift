import GRDB
public import SpinDomain

extension SQLiteStore: KeyStore {
    public func insert(key: APIKey) throws {
        try write { try key.insert(into: $0) }
    }

    public func keys() throws -> [APIKey] {
        try read { try APIKey.fetch($0, "ORDER BY created_at, id", []) }
    }

    public func delete(key id: String) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM api_key WHERE id = ?", arguments: [id])
            guard database.changesCount > 0 else { throw SpinError.notFound("key", id) }
        }
    }
}
