import GRDB
public import SpinDomain

extension SQLiteStore {
    public func insert(checkpoint: CheckpointRecord) throws {
        try write { database in
            let stored = try CheckpointRecord.fetch(database, "WHERE id = ?", [checkpoint.id]).first
            guard stored == nil || stored?.jobID == checkpoint.jobID else {
                throw SpinError(.conflict, "the checkpoint '\(checkpoint.id)' is another job's")
            }
            // A run that stops twice at one step saves the same checkpoint twice.
            var checkpoint = checkpoint
            if let stored {
                (checkpoint.isPinned, checkpoint.note) = (stored.isPinned, stored.note)
            }
            try database.execute(
                sql: "DELETE FROM checkpoint WHERE id = ?", arguments: [checkpoint.id])
            try checkpoint.mappingPaths(paths.relative).insert(into: database)
        }
    }

    public func checkpoint(_ id: String) throws -> CheckpointRecord {
        try read { database in
            let found = try CheckpointRecord.fetch(database, "WHERE id = ?", [id]).first
            guard let found else { throw SpinError.notFound("checkpoint", id) }
            return found.mappingPaths(paths.absolute)
        }
    }

    public func checkpoints(job id: String) throws -> [CheckpointRecord] {
        try read { database in
            _ = try sequence(ofJob: id, in: database)
            return try CheckpointRecord.fetch(
                database, "WHERE job = ? ORDER BY step DESC, id DESC", [id]
            ).map { $0.mappingPaths(paths.absolute) }
        }
    }

    public func delete(checkpoint id: String) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM checkpoint WHERE id = ?", arguments: [id])
            guard database.changesCount > 0 else { throw SpinError.notFound("checkpoint", id) }
        }
    }
}
