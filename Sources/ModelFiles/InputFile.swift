import DurableFiles
package import Foundation
import SpinDomain

/// A regular file opened for reading at any offset, from any thread.
///
/// Reads copy through `pread` instead of a memory map: when another process cuts the file short,
/// a read throws, where a map would end the program with SIGBUS.
package final class InputFile: Sendable {
    /// The last part of the path, for messages.
    package let name: String
    /// Bytes, when it was opened.
    package let size: Int
    private let descriptor: CInt

    /// - Throws: `notFound`, `inputOutput`; `damagedFile` for a folder, a pipe or a device.
    package init(_ url: URL) throws {
        let path = url.path(percentEncoded: false)
        // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SpinError.fileSystem("open", path, errno) }
        name = url.lastPathComponent
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw SpinError.fileSystem("examine", path, code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw SpinError.damaged(name, "is not a regular file")
        }
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Fills `target` with the bytes from `offset` on.
    /// - Throws: `damagedFile` when the file ends before, `inputOutput`.
    package func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws {
        var filled = 0
        while filled < target.count {
            let start = target.baseAddress?.advanced(by: filled)
            let count = pread(descriptor, start, target.count - filled, off_t(offset + filled))
            if count > 0 {
                filled += count
            } else if count == 0 {
                throw SpinError.damaged(name, "ends at byte \(offset + filled), in the middle")
            } else if errno != EINTR {
                throw SpinError.fileSystem("read", name, errno)
            }
        }
    }

    package func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let target = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
            try read(at: offset, into: target)
            filled = count
        }
    }

    /// The whole of a small file.
    /// - Throws: `damagedFile` when it is larger than `limit` bytes.
    package func contents(limit: Int) throws -> [UInt8] {
        guard size <= limit else {
            throw SpinError.damaged(name, "has \(size) bytes, more than the \(limit) allowed")
        }
        return try bytes(at: 0, count: size)
    }
}
