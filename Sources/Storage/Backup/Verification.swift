import DurableFiles
import Foundation
import GRDB
import SpinDomain

/// Reads everything in a data folder or a backup, and says what is not as it was written.
public enum Verification {
    /// What was looked at, and what is wrong with it.
    public struct Report: Sendable, Equatable {
        public var files = 0
        public var bytes = 0
        public var problems: [String] = []
    }

    /// - Throws: `inputOutput` where there is no database.
    public static func verify(folder: String) throws -> Report {
        let url = URL(fileURLWithPath: folder).standardizedFileURL
        var report = Report()
        for checkpoint in try checkpoints(in: url, &report) {
            for file in checkpoint.files {
                compare(
                    checkpoint.path + "/" + file.name, in: url, bytes: file.bytes,
                    sha256: file.sha256, &report)
            }
        }
        try compareWithManifest(url, &report)
        return report
    }

    private static func checkpoints(
        in folder: URL, _ report: inout Report
    ) throws -> [CheckpointRecord] {
        try SQLiteStore.translating {
            let reader = try SQLiteStore.reader(folder: folder)
            let (found, checkpoints) = try reader.read { database in
                (
                    try String.fetchAll(database, sql: "PRAGMA integrity_check(20)"),
                    try CheckpointRecord.fetch(database, "ORDER BY id", [])
                )
            }
            try reader.close()
            let problems = found.filter { $0 != "ok" }
            report.problems += problems.map { "\(SQLiteStore.fileName): \($0)" }
            return checkpoints
        }
    }

    /// A backup that was served from has a database that went on; its other files must still fit.
    private static func compareWithManifest(_ folder: URL, _ report: inout Report) throws {
        let url = folder.appendingPathComponent(BackupManifest.fileName)
        guard let text = try? Data(contentsOf: url) else { return }
        for file in try BackupManifest.files(in: try JSONParser.parse(text))
        where file.path != SQLiteStore.fileName && !file.path.hasPrefix("checkpoints/") {
            compare(file.path, in: folder, bytes: file.bytes, sha256: file.sha256, &report)
        }
    }

    private static func compare(
        _ path: String, in folder: URL, bytes: Int, sha256: String, _ report: inout Report
    ) {
        do {
            let found = try FileDigest.read(folder.appendingPathComponent(path))
            report.files += 1
            report.bytes += found.bytes
            if found.bytes != bytes || found.sha256 != sha256 {
                report.problems.append("\(path) differs from what was written")
            }
        } catch {
            report.problems.append("\(path) cannot be read: \(error)")
        }
    }
}
