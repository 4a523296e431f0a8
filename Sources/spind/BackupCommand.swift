import ArgumentParser
import Foundation
import SpinDomain
import Storage

/// `spind backup`: a copy of a data folder, whether a server uses it or not.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy a data folder, also while a server uses it.",
        discussion: """
            The copy is a data folder itself: `spind serve --data-dir` goes on from it. Checkpoints
            and data sets are hard links where the disk is the same, so keep a copy of the copy on
            another disk. Models outside of the data folder are not in it.
            """)

    @Option(help: "The data folder.")
    var dataDir: String

    @Option(help: "The backup's folder; must not exist.")
    var to: String

    func run() throws {
        let record = try Backup.write(of: dataDir, to: to, at: SystemClock().now())
        print("\(record.folder): \(record.files.count) files, \(record.bytes >> 20) MiB")
        for path in record.outside { print("not in the backup: \(path)") }
    }
}

/// `spind verify`: reads a data folder or a backup, and compares it with what was written.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check the database and every file's SHA-256.",
        discussion: "Takes a data folder, in use or not, or a backup. Exits with 1 on damage.")

    @Option(help: "The data folder or backup.")
    var dataDir: String

    func run() throws {
        let report = try Verification.verify(folder: dataDir)
        for problem in report.problems { print(problem) }
        guard report.problems.isEmpty else { throw ExitCode(1) }
        print("ok: the database, and \(report.files) files of \(report.bytes >> 20) MiB")
    }
}
