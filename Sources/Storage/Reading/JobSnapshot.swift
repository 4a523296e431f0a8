import Foundation
import GRDB
public import SpinDomain

/// One job of a data folder as it is at one moment, whatever a server writes meanwhile.
public struct JobSnapshot: JobHistory {
    private static let newestNamed = 3

    public let job: Job
    public let iterations: [IterationRecord]
    public let validations: [ValidationRecord]
    private let database: Database

    /// Changes nothing, and needs no lock: SQLite lets readers in at any time.
    ///
    /// - Parameter body: must not keep the snapshot.
    /// - Throws: `notFound` without the job, `unsupported` when another release's program wrote
    ///   the folder, `inputOutput` without a database, and what `body` throws.
    public static func read<Result>(
        job id: String, in dataFolder: String, _ body: (JobSnapshot) throws -> Result
    ) throws -> Result {
        let folder = URL(fileURLWithPath: dataFolder).standardizedFileURL
        return try SQLiteStore.translating {
            let reader = try SQLiteStore.reader(folder: folder)
            let result = try reader.read { database in
                try Migrations.embedded().requireCurrent(database)
                return try body(try JobSnapshot(id, folder.path, database))
            }
            try reader.close()
            return result
        }
    }

    private init(_ id: String, _ folder: String, _ database: Database) throws {
        guard let job = try Job.fetch(database, "WHERE id = ?", [id]).first else {
            let newest = try String.fetchAll(
                database, sql: "SELECT id FROM job ORDER BY sequence DESC LIMIT ?",
                arguments: [Self.newestNamed])
            throw SpinError.notFound(
                "job", id,
                hint: newest.isEmpty
                    ? "the data folder holds no job"
                    : "the newest: \(newest.joined(separator: ", "))")
        }
        self.job = job.mappingPaths(StoredPaths(folder: folder).absolute)
        iterations = try IterationRecord.fetch(database, "WHERE job = ? ORDER BY iteration", [id])
        validations = try ValidationRecord.fetch(database, "WHERE job = ? ORDER BY step", [id])
        self.database = database
    }

    public func forEachStep(_ body: (StepMetrics) throws -> Void) throws {
        try StepMetrics.forEach(database, "WHERE job = ? ORDER BY step", [job.id], body)
    }
}
