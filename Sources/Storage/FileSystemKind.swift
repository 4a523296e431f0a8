import Foundation
import SpinDomain

/// What kind of file system a folder lies on.
///
/// SQLite's write-ahead log needs memory that all processes share and locks that hold, and network
/// file systems have neither.
package enum FileSystemKind {
    /// As /proc/self/mountinfo names them.
    private static let network: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "gpfs", "gfs2", "ocfs2",
        "beegfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs",
    ]

    /// - Throws: `unsupported` for a folder on a network file system; what cannot be found out is
    ///   taken to be local.
    package static func requireLocal(folder: String) throws {
        guard let table = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8),
            let device = device(of: folder), let kind = kind(device: device, in: table)
        else { return }
        try requireLocal(folder: folder, kind: kind)
    }

    package static func requireLocal(folder: String, kind: String) throws {
        guard network.contains(kind) else { return }
        throw SpinError(
            .unsupported,
            "the data folder \(folder) is on a network file system (\(kind)), which can lose what "
                + "the database has written",
            hint: "put it on a local disk, or take the risk with --allow-network-file-system")
    }

    /// The type that a mount table (proc(5)) has for a device: `… 0:41 … - nfs4 server:/export …`.
    package static func kind(device: String, in table: String) -> String? {
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == device, let dash = fields.firstIndex(of: "-"),
                dash + 1 < fields.count
            else { continue }
            return String(fields[dash + 1])
        }
        return nil
    }

    /// `major:minor`.
    private static func device(of folder: String) -> String? {
        var status = stat()
        guard stat(folder, &status) == 0 else { return nil }
        let device = UInt64(status.st_dev)
        // The bits as the C library's macros take them apart.
        let major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
        let minor = (device & 0xFF) | (device >> 12 & ~0xFF)
        return "\(major):\(minor)"
    }
}
