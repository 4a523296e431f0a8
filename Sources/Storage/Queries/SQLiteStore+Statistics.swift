import Foundation
import GRDB
import Glibc
public import SpinDomain

extension SQLiteStore {
    public func statistics() throws -> StoreStatistics {
        let (jobs, checkpointBytes) = try read { database in
            (try Self.jobs(database), try Self.checkpointBytes(database))
        }
        let commits = commits.total
        return StoreStatistics(
            databaseBytes: bytes(of: "spind.sqlite"), walBytes: bytes(of: "spind.sqlite-wal"),
            diskFreeBytes: diskFreeBytes, checkpointBytes: checkpointBytes, jobs: jobs,
            commits: commits.count, commitSeconds: commits.seconds)
    }

    private static func jobs(_ database: Database) throws -> [JobStatus: Int] {
        var jobs: [JobStatus: Int] = [:]
        let rows = try Row.fetchCursor(
            database, sql: "SELECT status, count(*) FROM job GROUP BY status")
        while let row = try rows.next() {
            var reader = ColumnReader(row)
            let status: JobStatus = try reader.choice()
            jobs[status] = try reader.next()
        }
        return jobs
    }

    private static func checkpointBytes(_ database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: """
                SELECT coalesce(sum(json_extract(file.value, '$.bytes')), 0)
                FROM checkpoint, json_each(checkpoint.files) AS file
                """) ?? 0
    }

    /// 0 for a file that is not there.
    private func bytes(of name: String) -> Int {
        var status = stat()
        return stat(dataFolder + "/" + name, &status) == 0 ? Int(status.st_size) : 0
    }

    private var diskFreeBytes: Int {
        var status = statvfs()
        guard statvfs(dataFolder, &status) == 0 else { return 0 }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
