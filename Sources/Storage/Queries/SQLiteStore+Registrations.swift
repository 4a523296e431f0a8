import Foundation
import GRDB
public import SpinDomain

extension SQLiteStore {
    public func insert(model: ModelRecord) throws {
        let model = model.mappingPaths(paths.relative)
        try write { database in
            let stored = try ModelRecord.fetch(database, "WHERE name = ?", [model.name]).first
            guard stored == nil || stored?.path == model.path else {
                throw SpinError(
                    .conflict, "the model name '\(model.name)' is taken by another path",
                    hint: "choose another name, or delete that registration")
            }
            try database.execute(sql: "DELETE FROM model WHERE name = ?", arguments: [model.name])
            try model.insert(into: database)
        }
    }

    public func model(_ name: String) throws -> ModelRecord {
        try read { database in
            let found = try ModelRecord.fetch(database, "WHERE name = ?", [name]).first
            guard let found else { throw SpinError.notFound("model", name) }
            return found.mappingPaths(paths.absolute)
        }
    }

    public func models() throws -> [ModelRecord] {
        try read { database in
            try ModelRecord.fetch(database, "ORDER BY name", []).map {
                $0.mappingPaths(paths.absolute)
            }
        }
    }

    /// The one with the most parameters, read beside whatever process has the folder; nil where
    /// none is registered.
    /// - Throws: `inputOutput` without a database, `unsupported` for one of another schema.
    public static func largestModel(in dataFolder: String) throws -> ModelRecord? {
        try translating {
            let reader = try reader(folder: URL(fileURLWithPath: dataFolder))
            let found = try reader.read { database in
                try Migrations.embedded().requireCurrent(database)
                return try ModelRecord.fetch(database, "ORDER BY parameters DESC LIMIT 1", []).first
            }
            try reader.close()
            return found
        }
    }

    public func delete(model name: String) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM model WHERE name = ?", arguments: [name])
            guard database.changesCount > 0 else { throw SpinError.notFound("model", name) }
        }
    }

    public func insert(dataset: DatasetRecord) throws {
        try write { database in
            let stored = try DatasetRecord.fetch(database, "WHERE name = ?", [dataset.name])
            guard stored.isEmpty else {
                throw SpinError(
                    .conflict, "the data set name '\(dataset.name)' is taken",
                    hint: "choose another name, or delete that data set")
            }
            try dataset.mappingPaths(paths.relative).insert(into: database)
        }
    }

    public func dataset(_ name: String) throws -> DatasetRecord {
        try read { try dataset(name, in: $0).mappingPaths(paths.absolute) }
    }

    public func datasets() throws -> [DatasetRecord] {
        try read { database in
            try DatasetRecord.fetch(database, "ORDER BY name", []).map {
                $0.mappingPaths(paths.absolute)
            }
        }
    }

    public func delete(dataset name: String) throws {
        try write { database in
            let path = try dataset(name, in: database).path
            let user = try String.fetchOne(
                database,
                sql: """
                    SELECT id FROM job
                    WHERE status IN ('queued', 'running', 'paused', 'waiting')
                        AND (dataset_path = ?1 OR validation_path = ?1)
                    LIMIT 1
                    """, arguments: [path])
            if let user {
                throw SpinError(
                    .conflict, "the data set '\(name)' is used by the job '\(user)'",
                    hint: "cancel the job, or wait for its end")
            }
            try database.execute(sql: "DELETE FROM dataset WHERE name = ?", arguments: [name])
        }
    }

    /// With its path as stored.
    private func dataset(_ name: String, in database: Database) throws -> DatasetRecord {
        guard let found = try DatasetRecord.fetch(database, "WHERE name = ?", [name]).first else {
            throw SpinError.notFound("data set", name)
        }
        return found
    }
}
