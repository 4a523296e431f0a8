import Glibc
import SpinDomain

/// The space on the disk with the data folder, of which a part is kept free: enough to write down
/// that a job is paused, and to answer whoever deletes something.
public struct DiskSpace: Sendable {
    public static let usualReserveBytes = 64 << 20

    /// What jobs and uploads leave free.
    public let reserveBytes: Int
    private let freeBytes: @Sendable () -> Int

    /// - Parameter freeBytes: asked again and again.
    public init(reserveBytes: Int, freeBytes: @escaping @Sendable () -> Int) {
        self.reserveBytes = reserveBytes
        self.freeBytes = freeBytes
    }

    /// The disk that a folder lies on.
    public init(folder: String, reserveBytes: Int = usualReserveBytes) {
        self.init(reserveBytes: reserveBytes) {
            var status = statvfs()
            // What cannot be asked for counts as endless: the writes themselves will tell.
            guard statvfs(folder, &status) == 0 else { return .max }
            return Int(clamping: status.f_bavail).multipliedReportingOverflow(
                by: Int(clamping: status.f_frsize)
            ).partialValue
        }
    }

    /// What is free now, the reserve included.
    public var freeBytesNow: Int { freeBytes() }

    /// Whether `bytes` can be written without touching the reserve.
    public func has(_ bytes: Int) -> Bool { freeBytes() - reserveBytes >= bytes }

    /// - Throws: `diskFull` when `bytes` would not leave the reserve free.
    public func require(_ bytes: Int, for purpose: String) throws {
        let free = freeBytes()
        guard free - reserveBytes < bytes else { return }
        throw SpinError(
            .diskFull,
            "the disk with the data folder has \(Self.text(free)) left; \(purpose) needs "
                + "\(Self.text(bytes)), and \(Self.text(reserveBytes)) stay free",
            hint: "free some space; a job that waits for it goes on by itself")
    }

    private static func text(_ bytes: Int) -> String {
        bytes < 10 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
    }
}
