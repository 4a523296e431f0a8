import Foundation
import Glibc
import Jobs
import Storage

/// Whether a server can keep its data where it is told to.
struct FolderChecks {
    private static let littleSpaceBytes = 2 << 30

    /// Absolute.
    let folder: String
    let allowsNetworkFileSystem: Bool
    let reserveBytes: Int

    var findings: [Finding] { [place, space, use] }

    /// The folder, or the nearest one above it that is there.
    private var existing: String {
        var url = URL(fileURLWithPath: folder)
        while !FileManager.default.fileExists(atPath: url.path), url.path != "/" {
            url = url.deletingLastPathComponent()
        }
        return url.path
    }

    private var place: Finding {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: existing, isDirectory: &isFolder),
            isFolder.boolValue
        else {
            return .failure(
                "data folder", "\(existing) is no folder", hint: "choose another --data-dir")
        }
        guard access(existing, W_OK | X_OK) == 0 else {
            return .failure(
                "data folder", "\(existing) is not writable for user \(geteuid())",
                hint: "chown it, or run as its owner")
        }
        if !allowsNetworkFileSystem {
            do {
                try FileSystemKind.requireLocal(folder: existing)
            } catch {
                return .failure("data folder", error)
            }
        }
        return .ok("data folder", existing == folder ? folder : "\(folder), to be made")
    }

    private var space: Finding {
        let disk = DiskSpace(folder: existing, reserveBytes: reserveBytes)
        let detail =
            "\(disk.freeBytesNow >> 20) MiB are free, of which jobs leave "
            + "\(reserveBytes >> 20)"
        guard disk.has(0) else {
            return .failure(
                "disk", detail, hint: "delete checkpoints or backups, or lower --disk-reserve")
        }
        guard disk.has(Self.littleSpaceBytes) else {
            return .warning(
                "disk", detail,
                hint: "a checkpoint takes 12 bytes a parameter; checkpoint.keep limits their number"
            )
        }
        return .ok("disk", detail)
    }

    private var use: Finding {
        guard let holder = DataFolderLock.holder(of: folder) else {
            return .ok("in use", "no server has the folder open")
        }
        return .ok("in use", "by the server with process id \(holder)")
    }
}
