import Glibc

/// A named place where a test may end the process as a power failure would.
///
/// `SPIND_FAILPOINT=checkpoint-written:2` in the environment sends SIGKILL at the second pass of
/// that place; without the variable a pass is one comparison.
public enum Failpoint: String, CaseIterable, Sendable {
    // A file's way to its name.
    case fileWritten = "file-written"
    case fileSynced = "file-synced"
    case fileRenamed = "file-renamed"
    case folderSynced = "folder-synced"
    case folderRenamed = "folder-renamed"
    // A checkpoint's way to its row.
    case checkpointModelWritten = "checkpoint-model-written"
    case checkpointWritten = "checkpoint-written"
    case checkpointPublished = "checkpoint-published"
    case checkpointStored = "checkpoint-stored"
    case retentionStored = "retention-stored"
    // Transactions, before and after they count.
    case metricsInside = "metrics-inside"
    case metricsStored = "metrics-stored"
    case submissionInside = "submission-inside"
    case submissionStored = "submission-stored"
    case transitionInside = "transition-inside"
    case transitionStored = "transition-stored"
    case stepAllowed = "step-allowed"
    case deletionStored = "deletion-stored"
    case migrationInside = "migration-inside"
    case migrationStored = "migration-stored"
    // The start after a kill.
    case runsRequeued = "runs-requeued"
    case recovered = "recovered"
    // A backup's way to its name.
    case backupDatabaseWritten = "backup-database-written"
    case backupFilesWritten = "backup-files-written"
    case backupPublished = "backup-published"

    /// The one that the environment names, and how many passes it lets by.
    private static let armed = try? ArmedFailpoint(
        environment: getenv(variable).map { String(cString: $0) })
    private static let variable = "SPIND_FAILPOINT"

    @inline(__always)
    public func pass() {
        if let armed = Self.armed { armed.pass(self) }
    }

    /// - Throws: `invalid` when the environment names no failpoint that there is.
    public static func checkEnvironment() throws {
        _ = try ArmedFailpoint(environment: getenv(variable).map { String(cString: $0) })
    }
}
