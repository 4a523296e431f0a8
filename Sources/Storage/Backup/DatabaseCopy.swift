import Foundation
import GRDB
import SpinDomain

/// A consistent copy of the database, and what its rows name.
enum DatabaseCopy {
    struct Contents {
        /// With paths as stored.
        var checkpoints: [CheckpointRecord]
        /// Files and folders in the data folder that must be there.
        var needed: Set<String>
        /// Those of jobs that have ended, which may be gone.
        var welcome: Set<String>
        /// Absolute paths, outside of the data folder.
        var outside: [String]
    }

    /// SQLite copies page by page from one snapshot, whatever is written meanwhile.
    static func write(of source: URL, to folder: URL) throws -> Contents {
        let file = folder.appendingPathComponent(SQLiteStore.fileName)
        return try SQLiteStore.translating {
            let original = try SQLiteStore.reader(folder: source)
            let copy = try DatabaseQueue(path: file.path, configuration: .init())
            try original.backup(to: copy)
            try original.close()
            let found = try copy.inDatabase { database in
                try SQLiteStore.check(database, thoroughly: true)
                return try contents(database)
            }
            try copy.close()
            return found
        }
    }

    static func contents(_ database: Database) throws -> Contents {
        let needed = try String.fetchSet(
            database,
            sql: """
                SELECT path FROM dataset UNION SELECT path FROM model
                UNION SELECT model_path FROM job WHERE status IN \(unfinished)
                UNION SELECT dataset_path FROM job WHERE status IN \(unfinished)
                UNION SELECT validation_path FROM job
                    WHERE status IN \(unfinished) AND validation_path IS NOT NULL
                """)
        let welcome = try String.fetchSet(
            database,
            sql: """
                SELECT dataset_path FROM job UNION SELECT model_path FROM job
                UNION SELECT validation_path FROM job WHERE validation_path IS NOT NULL
                """)
        func isInside(_ path: String) -> Bool { !path.hasPrefix("/") }
        return Contents(
            checkpoints: try CheckpointRecord.fetch(database, "ORDER BY id", []),
            needed: needed.filter(isInside),
            welcome: welcome.subtracting(needed).filter(isInside),
            outside: needed.union(welcome).filter { !isInside($0) }.sorted())
    }

    private static let unfinished = "('queued', 'running', 'paused', 'waiting')"
}

extension SQLiteStore {
    /// A connection that only reads, beside whatever process has the folder.
    /// - Throws: `notFound` where there is no database.
    static func reader(folder: URL) throws -> DatabaseQueue {
        let file = folder.appendingPathComponent(fileName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw SpinError(
                .inputOutput, "\(folder.path) holds no \(fileName)",
                hint: "name the data folder of a spind server")
        }
        var configuration = configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: file.path, configuration: configuration)
    }
}
