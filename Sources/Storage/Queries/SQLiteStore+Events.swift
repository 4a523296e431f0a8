import GRDB
public import SpinDomain

extension SQLiteStore {
    public func append(event: JobEvent) throws {
        try write { try event.insert(into: $0) }
    }

    public func events(
        job id: String, afterSequence: Int, limit: Int
    ) throws -> Page<JobEvent> {
        try read { database in
            _ = try sequence(ofJob: id, in: database)
            return try Page.fetched(limit: limit) { limit in
                try JobEvent.fetch(
                    database, "WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?",
                    [id, afterSequence, limit])
            }
        }
    }
}
