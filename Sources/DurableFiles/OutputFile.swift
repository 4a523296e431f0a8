package import Foundation
import SpinDomain

/// A file being written from start to end, hashed on the way, under a temporary name.
package final class OutputFile {
    private let url: URL
    private let temporaryPath: String
    private let descriptor: CInt
    private var hasher = SHA256Hasher()
    package private(set) var bytes = 0
    private var isPublished = false

    /// - Throws: `notFound` without the folder, `inputOutput`.
    package init(_ url: URL) throws {
        self.url = url
        temporaryPath = url.path(percentEncoded: false) + ".partial"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SpinError.fileSystem("create", temporaryPath, errno) }
    }

    deinit {
        close(descriptor)
        if !isPublished { unlink(temporaryPath) }
    }

    /// Of what has been written so far.
    package var sha256: String {
        var hasher = hasher
        return hasher.finish()
    }

    package func append(_ piece: UnsafeRawBufferPointer) throws {
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
    package func publish() throws -> WrittenFile {
        let path = url.path(percentEncoded: false)
        Failpoint.fileWritten.pass()
        guard fsync(descriptor) == 0 else { throw SpinError.fileSystem("sync", path, errno) }
        Failpoint.fileSynced.pass()
        guard rename(temporaryPath, path) == 0 else {
            throw SpinError.fileSystem("rename a file to", path, errno)
        }
        isPublished = true
        Failpoint.fileRenamed.pass()
        return WrittenFile(name: url.lastPathComponent, bytes: bytes, sha256: hasher.finish())
    }

    /// Writes the whole of a small file; the folder is the caller's to sync.
    package static func write(_ data: Data, to url: URL) throws -> WrittenFile {
        let output = try OutputFile(url)
        try data.withUnsafeBytes { try output.append($0) }
        return try output.publish()
    }
}
