import DurableFiles
import Foundation
import SpinDomain

/// Brings the files of a data folder into a backup, each hashed on the way.
struct FolderCopy {
    private let source: URL
    private let target: URL
    private(set) var files: [BackupRecord.File] = []
    /// Every folder made, for syncing.
    private var folders: Set<String> = []

    init(from source: URL, to target: URL) {
        self.source = source
        self.target = target
    }

    mutating func add(_ contents: DatabaseCopy.Contents) throws {
        record(
            try FileDigest.read(target.appendingPathComponent(SQLiteStore.fileName)),
            at: SQLiteStore.fileName)
        for checkpoint in contents.checkpoints { try add(checkpoint) }
        let known = contents.checkpoints.map(\.path)
        func isNew(_ path: String) -> Bool { !known.contains(path) }
        for path in contents.needed.sorted() where isNew(path) { try add(path) }
        for path in contents.welcome.sorted() where isNew(path) && exists(path) { try add(path) }
    }

    /// The folders' names of files become durable with this; their bytes are already.
    func synchronizeFolders() throws {
        for folder in folders.sorted(by: >) {
            try DurableFile.synchronize(folder: target.appendingPathComponent(folder))
        }
    }

    /// - Throws: `damagedFile` when a file is not what its row says.
    private mutating func add(_ checkpoint: CheckpointRecord) throws {
        for file in checkpoint.files {
            let path = checkpoint.path + "/" + file.name
            let written = try link(path)
            guard written.sha256 == file.sha256 else {
                throw SpinError(
                    .damagedFile,
                    "\(path) of the checkpoint '\(checkpoint.id)' differs from its SHA-256",
                    hint: "delete that checkpoint, and make the backup again")
            }
            record(written, at: path)
        }
    }

    /// A data set, or a model's file or folder.
    private mutating func add(_ path: String) throws {
        guard isFolder(path) else { return record(try copyOrLink(path), at: path) }
        for name in try names(in: path) where !isFolder(path + "/" + name) {
            let file = path + "/" + name
            record(try copyOrLink(file), at: file)
        }
    }

    /// Only what spind itself wrote never changes in its place.
    private mutating func copyOrLink(_ path: String) throws -> WrittenFile {
        if path.hasPrefix("datasets/") || path.hasPrefix("checkpoints/") { return try link(path) }
        try makeFolder(of: path)
        return try FileDigest.copy(
            source.appendingPathComponent(path), to: target.appendingPathComponent(path))
    }

    /// A second name for the same file where the file system has that, else a copy.
    private mutating func link(_ path: String) throws -> WrittenFile {
        try makeFolder(of: path)
        let (old, new) = (
            source.appendingPathComponent(path), target.appendingPathComponent(path)
        )
        guard Foundation.link(old.path, new.path) == 0 else {
            return try FileDigest.copy(old, to: new)
        }
        return try FileDigest.read(new)
    }

    private mutating func makeFolder(of path: String) throws {
        var folder = path
        while let slash = folder.lastIndex(of: "/") {
            folder = String(folder[..<slash])
            folders.insert(folder)
        }
        do {
            try FileManager.default.createDirectory(
                at: target.appendingPathComponent(path).deletingLastPathComponent(),
                withIntermediateDirectories: true)
        } catch {
            throw SpinError(
                .inputOutput, "a folder of the backup cannot be made",
                hint: error.localizedDescription)
        }
    }

    private mutating func record(_ file: WrittenFile, at path: String) {
        files.append(.init(path: path, bytes: file.bytes, sha256: file.sha256))
    }

    private func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.subpathsOfDirectory(
                atPath: source.appendingPathComponent(folder).path
            ).sorted()
        } catch {
            throw SpinError(
                .inputOutput, "the folder \(folder) cannot be read",
                hint: error.localizedDescription)
        }
    }

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: source.appendingPathComponent(path).path)
    }

    private func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        let url = source.appendingPathComponent(path)
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
            && isFolder.boolValue
    }
}
