import Foundation
import Storage

/// A data folder of its own with an open store; gone with the value.
final class TemporaryStore {
    let folder: String
    private(set) var store: SQLiteStore

    init() throws {
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("spind-storage-\(UUID().uuidString)").path
        store = try SQLiteStore(dataFolder: folder)
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func reopen() throws {
        try store.close()
        store = try SQLiteStore(dataFolder: folder)
    }

    /// The files as they are now, as a process would find them whose predecessor was killed.
    func copyOfFiles() throws -> String {
        let copy = folder + "-killed"
        try FileManager.default.createDirectory(
            atPath: copy, withIntermediateDirectories: true)
        for name in ["spind.sqlite", "spind.sqlite-wal"] {
            try FileManager.default.copyItem(
                atPath: "\(folder)/\(name)", toPath: "\(copy)/\(name)")
        }
        return copy
    }
}
