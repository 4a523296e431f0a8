import GRDB
public import SpinDomain

extension SQLiteStore {
    public func checkpoint(path: String) throws -> CheckpointRecord? {
        try read { database in
            try CheckpointRecord.fetch(
                database, "WHERE path = ? LIMIT 1", [paths.relative(path)]
            ).first?.mappingPaths(paths.absolute)
        }
    }

    public func children(ofCheckpoint id: String) throws -> [String] {
        try read { database in
            try String.fetchAll(
                database, sql: "SELECT id FROM job WHERE parent_checkpoint = ? ORDER BY sequence",
                arguments: [id])
        }
    }

    public func update(
        checkpoint id: String, _ change: @Sendable (inout CheckpointRecord) throws -> Void
    ) throws -> CheckpointRecord {
        try write { database in
            let stored = try CheckpointRecord.fetch(database, "WHERE id = ?", [id]).first
            guard var checkpoint = stored?.mappingPaths(paths.absolute) else {
                throw SpinError.notFound("checkpoint", id)
            }
            var asked = checkpoint
            try change(&asked)
            (checkpoint.isPinned, checkpoint.note) = (asked.isPinned, asked.note)
            try database.execute(
                sql: "UPDATE checkpoint SET is_pinned = ?, note = ? WHERE id = ?",
                arguments: [checkpoint.isPinned, checkpoint.note, id])
            return checkpoint
        }
    }
}
