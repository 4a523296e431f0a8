import Foundation
import SpinDomain

/// The folders below `checkpoints` in the data folder: one a job, and in it one a checkpoint.
struct CheckpointFolders: Sendable {
    private static let asideSuffix = ".damaged"

    /// Absolute.
    let root: String

    init(dataFolder: String) {
        root = URL(fileURLWithPath: dataFolder).standardizedFileURL.path + "/checkpoints"
    }

    func folder(job id: String) -> String { "\(root)/\(id)" }

    func make(job id: String) throws {
        try Self.translating("made", folder(job: id)) {
            try FileManager.default.createDirectory(
                atPath: $0, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    func remove(job id: String) throws {
        try remove(folder(job: id))
    }

    /// Removes a folder below `root`; one that is not there is fine, anything elsewhere stays.
    func remove(_ path: String) throws {
        let path = Self.normalised(path)
        guard path.hasPrefix(root + "/"), Self.exists(path) else { return }
        try Self.translating("removed", path) { try FileManager.default.removeItem(atPath: $0) }
    }

    /// Renames a damaged checkpoint, so that no run takes it and a person can look at it.
    /// - Returns: the new path; nil when there was nothing.
    func setAside(_ path: String) throws -> String? {
        let path = Self.normalised(path)
        guard path.hasPrefix(root + "/"), Self.exists(path) else { return nil }
        let aside = path + Self.asideSuffix
        try remove(aside)
        try Self.translating("renamed", path) {
            try FileManager.default.moveItem(atPath: $0, toPath: aside)
        }
        return aside
    }

    func jobs() -> [String] { Self.names(in: root) }

    /// What lies in a job's folder without being known or set aside.
    func strangers(job id: String, known: [String]) -> [String] {
        let known = Set(known.map(Self.normalised))
        return Self.names(in: folder(job: id)).map { "\(folder(job: id))/\($0)" }.filter {
            !known.contains($0) && !$0.hasSuffix(Self.asideSuffix)
        }
    }

    /// Without slashes at the end, as folder URLs have them.
    static func normalised(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
    }

    private static func translating(_ verb: String, _ path: String, _ body: (String) throws -> Void)
        throws
    {
        do {
            try body(path)
        } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
            throw SpinError(.diskFull, "\(path) cannot be \(verb): the disk is full")
        } catch {
            throw SpinError(
                .inputOutput, "\(path) cannot be \(verb): \(error.localizedDescription)")
        }
    }
}
