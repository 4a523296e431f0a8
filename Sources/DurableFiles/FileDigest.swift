public import Foundation
import SpinDomain

/// Files that are read only to be hashed or copied.
public enum FileDigest {
    private static let pieceBytes = 1 << 20

    /// - Throws: `notFound`, `inputOutput`.
    public static func read(_ url: URL) throws -> WrittenFile {
        var hasher = SHA256Hasher()
        var bytes = 0
        try forEachPiece(of: url) { piece in
            hasher.update(piece)
            bytes += piece.count
        }
        return WrittenFile(name: url.lastPathComponent, bytes: bytes, sha256: hasher.finish())
    }

    /// Copies a file, and syncs the copy; its folder is the caller's to sync.
    /// - Throws: `notFound`, `diskFull`, `inputOutput`.
    public static func copy(_ url: URL, to target: URL) throws -> WrittenFile {
        let output = try OutputFile(target)
        try forEachPiece(of: url) { try output.append($0) }
        return try output.publish()
    }

    private static func forEachPiece(
        of url: URL, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let path = url.path(percentEncoded: false)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SpinError.fileSystem("open", path, errno) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count == 0 { return }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SpinError.fileSystem("read", path, errno) }
            try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}
