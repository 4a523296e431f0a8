/// What the store holds and costs, as far as operators ask.
public struct StoreStatistics: Sendable, Equatable {
    public var databaseBytes: Int
    /// Of the write-ahead log, which a checkpoint of SQLite's empties.
    public var walBytes: Int
    /// On the disk of the data folder, for a user without privileges.
    public var diskFreeBytes: Int
    /// Of all checkpoints that have a row.
    public var checkpointBytes: Int
    public var jobs: [JobStatus: Int]
    /// Transactions since the store was opened, and the seconds they took in all.
    public var commits: Int
    public var commitSeconds: Double

    public init(
        databaseBytes: Int, walBytes: Int, diskFreeBytes: Int, checkpointBytes: Int,
        jobs: [JobStatus: Int], commits: Int, commitSeconds: Double
    ) {
        self.databaseBytes = databaseBytes
        self.walBytes = walBytes
        self.diskFreeBytes = diskFreeBytes
        self.checkpointBytes = checkpointBytes
        self.jobs = jobs
        self.commits = commits
        self.commitSeconds = commitSeconds
    }
}
