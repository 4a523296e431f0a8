import GRDB
public import SpinDomain

extension SQLiteStore {
    public func append(event: JobEvent) throws {
        try write { try event.insert(into: $0) }
    }

    public func alerts(job id: String) throws -> [JobEvent] {
        try read { database in
            try JobEvent.fetch(
                database, "WHERE job = ? AND type LIKE 'alert.%' ORDER BY sequence", [id])
        }
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

    public func events(afterSequence: Int, limit: Int) throws -> Page<JobEvent> {
        try read { database in
            try Page.fetched(limit: limit) { limit in
                try JobEvent.fetch(
                    database, "WHERE sequence > ? ORDER BY sequence LIMIT ?",
                    [afterSequence, limit])
            }
        }
    }

    public func lastEventSequence() throws -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT max(sequence) FROM event") ?? 0 }
    }

    public func status(job id: String) throws -> JobStatus {
        try read { database in
            let row = try Row.fetchOne(
                database, sql: "SELECT status FROM job WHERE id = ?", arguments: [id])
            guard let row else { throw SpinError.notFound("job", id) }
            var reader = ColumnReader(row)
            return try reader.choice()
        }
    }
}
