import Foundation
import Glibc
import SpinDomain
import Synchronization

/// Keeps a second process out of a data folder; the kernel lets go when the process ends.
package final class DataFolderLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// - Throws: `conflict`, naming the process that has the folder.
    init(folder: String) throws {
        let path = folder + "/spind.lock"
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else {
            throw SpinError(
                .inputOutput, "\(path) cannot be opened: \(String(cString: strerror(errno)))",
                hint: "check that the data folder is writable")
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.holder(opened)
            Glibc.close(opened)
            throw SpinError(
                .conflict, "the data folder \(folder) is in use by process \(holder)",
                hint: "stop that process, or choose another data folder")
        }
        Self.write(holder: getpid(), to: opened)
        descriptor = Mutex(opened)
    }

    deinit { release() }

    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { Glibc.close(open) }
            descriptor = nil
        }
    }

    /// The process that has a folder open, without a change to anything; nil when none has.
    package static func holder(of folder: String) -> String? {
        let opened = open(folder + "/spind.lock", O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        defer { Glibc.close(opened) }
        return flock(opened, LOCK_SH | LOCK_NB) == 0 ? nil : holder(opened)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { (48...57).contains($0) }
        return digits.isEmpty ? "(unknown)" : String(decoding: digits, as: UTF8.self)
    }

    /// The number is for people only, so a failure to write it does no harm.
    private static func write(holder: Int32, to descriptor: Int32) {
        let text = Array("\(holder)\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
    }
}
