public import Foundation
import SpinDomain

/// Files that are there whole or not at all, also after a power failure.
public enum DurableFile {
    /// Writes under a temporary name, syncs, renames over `url`, and syncs the folder.
    /// - Throws: `diskFull`, `notFound`, `inputOutput`.
    @discardableResult
    public static func write(_ data: Data, to url: URL) throws -> WrittenFile {
        let written = try OutputFile.write(data, to: url)
        try synchronize(folder: url.deletingLastPathComponent())
        return written
    }

    /// Gives a folder whose files are all synced its final name; `final` must not exist yet.
    /// - Throws: `conflict` when it exists, `diskFull`, `notFound`, `inputOutput`.
    public static func publish(folder: URL, as final: URL) throws {
        try synchronize(folder: folder)
        let path = final.path(percentEncoded: false)
        guard !FileManager.default.fileExists(atPath: path) else {
            throw SpinError(.conflict, "\(path) exists already")
        }
        Failpoint.folderSynced.pass()
        guard rename(folder.path(percentEncoded: false), path) == 0 else {
            throw SpinError.fileSystem("rename a folder to", path, errno)
        }
        Failpoint.folderRenamed.pass()
        try synchronize(folder: final.deletingLastPathComponent())
    }

    /// Makes the names of a folder's files durable (their bytes are synced one by one).
    public static func synchronize(folder: URL) throws {
        let path = folder.path(percentEncoded: false)
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SpinError.fileSystem("open the folder", path, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw SpinError.fileSystem("sync the folder", path, errno)
        }
    }
}
