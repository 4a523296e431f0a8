public import Foundation
import SpinDomain

/// What was written, as the checkpoint's row in the store keeps it.
public struct WrittenFile: Sendable, Equatable, Codable {
    /// Without the folder.
    public let name: String
    public let bytes: Int
    /// 64 lower-case hexadecimal digits.
    public let sha256: String

    public init(name: String, bytes: Int, sha256: String) {
        self.name = name
        self.bytes = bytes
        self.sha256 = sha256
    }
}

/// Files that are there whole or not at all, also after a power failure.
public enum DurableFile {
    /// Writes under a temporary name, syncs, renames over `url`, and syncs the folder.
    /// - Throws: `diskFull`, `notFound`, `inputOutput`.
    @discardableResult
    public static func write(_ data: Data, to url: URL) throws -> WrittenFile {
        let output = try OutputFile(url)
        try data.withUnsafeBytes { try output.append($0) }
        let written = try output.publish()
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
        guard rename(folder.path(percentEncoded: false), path) == 0 else {
            throw SpinError.fileSystem("rename a folder to", path, errno)
        }
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

/// A file being written from start to end, hashed on the way, under a temporary name.
final class OutputFile {
    private let url: URL
    private let temporaryPath: String
    private let descriptor: CInt
    private var hasher = SHA256Hasher()
    private(set) var bytes = 0
    private var isPublished = false

    /// - Throws: `notFound` without the folder, `inputOutput`.
    init(_ url: URL) throws {
        self.url = url
        temporaryPath = url.path(percentEncoded: false) + ".partial"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SpinError.fileSystem("create", temporaryPath, errno) }
    }

    deinit {
        close(descriptor)
        if !isPublished { unlink(temporaryPath) }
    }

    func append(_ piece: UnsafeRawBufferPointer) throws {
        hasher.update(piece)
        var rest = piece
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = Foundation.write(descriptor, start, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            } else if errno != EINTR {
                throw SpinError.fileSystem("write", temporaryPath, errno)
            }
        }
        bytes += piece.count
    }

    /// Syncs and renames; the folder itself is the caller's to sync, once for all its files.
    func publish() throws -> WrittenFile {
        let path = url.path(percentEncoded: false)
        guard fsync(descriptor) == 0 else { throw SpinError.fileSystem("sync", path, errno) }
        guard rename(temporaryPath, path) == 0 else {
            throw SpinError.fileSystem("rename a file to", path, errno)
        }
        isPublished = true
        return WrittenFile(name: url.lastPathComponent, bytes: bytes, sha256: hasher.finish())
    }
}
