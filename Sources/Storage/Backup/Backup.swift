import DurableFiles
import Foundation
public import SpinDomain

/// Copies of a data folder, made while a server uses it or not.
///
/// A backup is a data folder itself: SQLite's own copy of the database, and the files that its rows
/// name. It needs no lock, since SQLite lets readers in at any time and checkpoints and data sets
/// never change once they have their names.
public enum Backup {
    /// How often a checkpoint may be deleted between the database's copy and its own.
    private static let attempts = 5
    private static let partialSuffix = ".partial"

    /// Writes a backup under a temporary name, checks and syncs it, and gives it its own.
    ///
    /// - Parameter folder: must not exist.
    /// - Throws: `conflict` when it exists; `damagedFile` when the database or a checkpoint is not
    ///   what was written once; `notFound`, `diskFull`, `inputOutput`. Nothing is left then.
    public static func write(
        of dataFolder: String, to folder: String, at time: Timestamp
    ) throws -> BackupRecord {
        let source = URL(fileURLWithPath: dataFolder).standardizedFileURL
        let final = URL(fileURLWithPath: folder).standardizedFileURL
        let partial = final.deletingLastPathComponent()
            .appendingPathComponent(final.lastPathComponent + partialSuffix)
        guard !FileManager.default.fileExists(atPath: final.path) else {
            throw SpinError(
                .conflict, "\(final.path) exists already", hint: "choose a new folder's name")
        }
        var attempt = 1
        while true {
            do {
                try remove(partial)
                return try write(of: source, to: partial, publishedAs: final, time)
            } catch let error as SpinError where error.code == .notFound && attempt < attempts {
                attempt += 1
            } catch {
                // The error itself says more than one from tidying up.
                _ = Result { try remove(partial) }
                throw error
            }
        }
    }

    /// Removes what killed processes have left of backups in a folder; nobody may be making one.
    public static func removeUnfinished(in folder: String) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix("backup-") && name.hasSuffix(partialSuffix) {
            try remove(URL(fileURLWithPath: folder).appendingPathComponent(name))
        }
    }

    private static func write(
        of source: URL, to partial: URL, publishedAs final: URL, _ time: Timestamp
    ) throws -> BackupRecord {
        try make(partial)
        let contents = try DatabaseCopy.write(of: source, to: partial)
        Failpoint.backupDatabaseWritten.pass()
        var copy = FolderCopy(from: source, to: partial)
        try copy.add(contents)
        Failpoint.backupFilesWritten.pass()
        let record = BackupRecord(
            folder: final.path, createdAt: time, files: copy.files.sorted { $0.path < $1.path },
            outside: contents.outside)
        try DurableFile.write(
            Data(BackupManifest.json(record).indentedText.utf8),
            to: partial.appendingPathComponent(BackupManifest.fileName))
        try copy.synchronizeFolders()
        try DurableFile.publish(folder: partial, as: final)
        Failpoint.backupPublished.pass()
        return record
    }

    private static func make(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw SpinError(
                .inputOutput, "the folder \(folder.path) cannot be made",
                hint: error.localizedDescription)
        }
    }

    private static func remove(_ folder: URL) throws {
        guard FileManager.default.fileExists(atPath: folder.path) else { return }
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            throw SpinError(
                .inputOutput, "what an unfinished backup left at \(folder.path) cannot be removed",
                hint: error.localizedDescription)
        }
    }
}
