import DurableFiles
import Foundation
import SpinDomain

/// A folder that has its name as soon as it is complete.
enum NewFolder {
    /// - Parameter url: must not exist; the folders above it are made.
    /// - Throws: `conflict` when it exists, `inputOutput`, `diskFull`, and what `fill` throws;
    ///   nothing is left then.
    static func write(_ url: URL, _ fill: (URL) throws -> Void) throws {
        let files = FileManager.default
        guard !files.fileExists(atPath: url.path) else {
            throw SpinError(
                .conflict, "\(url.path) exists already",
                hint: "name another folder, or move this one away")
        }
        let partial = url.deletingLastPathComponent()
            .appendingPathComponent(url.lastPathComponent + ".partial", isDirectory: true)
        // What a process left that was killed.
        if files.fileExists(atPath: partial.path) { try files.removeItem(at: partial) }
        do {
            try make(partial)
            try fill(partial)
            try DurableFile.publish(folder: partial, as: url)
        } catch {
            // The error itself says more than one from tidying up.
            _ = Result { try files.removeItem(at: partial) }
            throw error
        }
    }

    static func make(_ url: URL) throws {
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw SpinError(
                .inputOutput, "the folder \(url.path) cannot be made",
                hint: error.localizedDescription)
        }
    }
}
