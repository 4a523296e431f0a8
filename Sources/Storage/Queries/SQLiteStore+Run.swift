import DurableFiles
import GRDB
public import SpinDomain

/// What a run writes down.
extension SQLiteStore {
    public func rewind(job id: String, to checkpoint: CheckpointRecord?) throws {
        let step = checkpoint?.step ?? 0
        let iteration = checkpoint?.iteration ?? 0
        try write { database in
            _ = try sequence(ofJob: id, in: database)
            try database.execute(
                sql: "DELETE FROM step_metric WHERE job = ? AND step >= ?", arguments: [id, step])
            try RollUp(database, job: id).remove(from: step)
            // A validation carries the steps done before it, so one at the checkpoint stays.
            try database.execute(
                sql: "DELETE FROM validation_metric WHERE job = ? AND step > ?",
                arguments: [id, step])
            try database.execute(
                sql: "DELETE FROM iteration WHERE job = ? AND iteration >= ?",
                arguments: [id, iteration])
        }
    }

    public func append(samples: [RolloutSample], job id: String) throws {
        try write { try RolloutSample.replace(samples, job: id, in: $0) }
    }

    public func samples(
        job id: String, iteration: Int?, limit: Int, after: SampleCursor?
    ) throws -> Page<RolloutSample> {
        try read { database in
            _ = try sequence(ofJob: id, in: database)
            return try Page.fetched(limit: limit) { limit in
                try RolloutSample.fetch(
                    database,
                    """
                    WHERE job = ? AND iteration BETWEEN ? AND ?
                        AND (iteration, position) > (?, ?)
                    ORDER BY iteration, position LIMIT ?
                    """,
                    [
                        id, iteration ?? 0, iteration ?? Int.max, after?.iteration ?? -1,
                        after?.index ?? -1, limit,
                    ])
            }
        }
    }

    public func append(validation: ValidationRecord, job id: String) throws {
        try write { try ValidationRecord.replace([validation], job: id, in: $0) }
    }

    public func validations(job id: String) throws -> [ValidationRecord] {
        try read { database in
            _ = try sequence(ofJob: id, in: database)
            return try ValidationRecord.fetch(database, "WHERE job = ? ORDER BY step", [id])
        }
    }

    public func save(iteration: IterationRecord, job id: String) throws {
        try write { try IterationRecord.replace([iteration], job: id, in: $0) }
    }

    public func iterations(job id: String) throws -> [IterationRecord] {
        try read { database in
            _ = try sequence(ofJob: id, in: database)
            return try IterationRecord.fetch(database, "WHERE job = ? ORDER BY iteration", [id])
        }
    }
}
