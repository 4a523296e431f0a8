import Foundation
import GRDB
public import SpinDomain
import Synchronization

/// The store: one SQLite file, `spind.sqlite`, in the data folder.
///
/// One connection writes, others read snapshots, so that readers and the writer never wait for each
/// other (WAL). What a call has written is on disk when it returns (`synchronous = FULL`).
public final class SQLiteStore: JobStore {
    /// Absolute.
    public let dataFolder: String

    static let fileName = "spind.sqlite"

    private let lock: DataFolderLock
    let pool: DatabasePool
    let commits = CommitTimes()
    private let writes = Atomic(0)

    /// Opens the store, and creates folder and file when they are missing.
    ///
    /// The whole file is checked first (`PRAGMA quick_check`).
    /// - Throws: `conflict` when another process has the folder open, `unsupported` when a newer
    ///   program wrote it or the folder is on a network file system, `damagedFile` when the file is
    ///   no database or a damaged one, `inputOutput`, `diskFull`.
    public convenience init(dataFolder: String, allowsNetworkFileSystem: Bool = false) throws {
        try self.init(
            dataFolder: dataFolder, migrations: .embedded(),
            allowsNetworkFileSystem: allowsNetworkFileSystem)
    }

    package init(
        dataFolder: String, migrations: Migrations, allowsNetworkFileSystem: Bool = false
    ) throws {
        let folder = URL(fileURLWithPath: dataFolder).standardizedFileURL
        self.dataFolder = folder.path
        try Self.createFolder(folder)
        if !allowsNetworkFileSystem { try FileSystemKind.requireLocal(folder: folder.path) }
        lock = try DataFolderLock(folder: folder.path)
        pool = try Self.translating {
            let pool = try DatabasePool(
                path: folder.appendingPathComponent(Self.fileName).path,
                configuration: Self.configuration())
            try pool.writeWithoutTransaction { database in
                // GRDB lowers this to NORMAL when it turns WAL on.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try Self.check(database, thoroughly: false)
                try migrations.apply(to: database)
            }
            return pool
        }
    }

    public var generation: Int { writes.load(ordering: .acquiring) }

    /// Closes the file and lets another process open the folder; every later call fails.
    public func close() throws {
        try Self.translating { try pool.close() }
        lock.release()
    }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try Self.translating { try pool.read(body) }
    }

    /// Runs `body` in one transaction, which an error rolls back.
    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        // Whoever reads the new number sees what was written; also when only the answer was lost.
        defer { writes.add(1, ordering: .releasing) }
        return try commits.measure { try Self.translating { try pool.write(body) } }
    }

    private static func createFolder(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw SpinError(
                .inputOutput, "the data folder \(folder.path) cannot be made",
                hint: "check that its parent exists and is writable")
        }
    }

    private static let walBytesKept = 64 << 20

    static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = 8
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON;
                    """)
            // The write-ahead log is carried over by one connection only, the one that writes.
            if database.configuration.readonly {
                try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            } else {
                // What a long reader made grow shrinks again.
                try database.execute(sql: "PRAGMA journal_size_limit = \(walBytesKept)")
            }
        }
        return configuration
    }
}
