import DurableFiles
public import Foundation
public import SpinDomain

/// Brings a checkpoint's files into a folder.
///
/// Each is there whole or not at all, with the SHA-256 that the server states; one that is there
/// already is not fetched again, so that what was broken off is gone on with.
public struct CheckpointDownload {
    /// Gets a file's name, the bytes that have come, and how many there are.
    public typealias Progress = (_ file: String, _ done: Int, _ of: Int) -> Void

    private struct File {
        let name: String
        let bytes: Int
        let sha256: String
    }

    /// What only training on needs.
    private static let trainingFiles: Set = ["optimizer.safetensors", "trainer_state.json"]
    private static let silenceSeconds = 60

    private let client: ServerClient
    private let path: String
    private let files: [File]

    /// - Parameters:
    ///   - checkpoint: as the server shows it.
    ///   - isForTraining: whether the optimizer's state comes along.
    /// - Throws: `ClientError` for a checkpoint whose files cannot be named so here.
    public init(_ client: ServerClient, _ checkpoint: JSONValue, isForTraining: Bool) throws {
        self.client = client
        path = "/v1/checkpoints/" + (checkpoint["id"]?.string ?? "").percentEncoded
        let files = try (checkpoint["files"]?.array ?? []).map { file in
            guard let name = file["name"]?.string, let bytes = file["bytes"]?.integer,
                let sha256 = file["sha256"]?.string, Self.isFileName(name)
            else { throw ClientError(.refused, "the server names a file '\(file.text)'") }
            return File(name: name, bytes: bytes, sha256: sha256)
        }
        self.files = files.filter { isForTraining || !Self.trainingFiles.contains($0.name) }
    }

    /// A server must not choose where its files go.
    private static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && !name.contains("\0")
    }

    /// - Parameter replaces: whether files of the same name with other contents are written over.
    /// - Throws: `ClientError`, and `SpinError` for what the disk or the contents say.
    public func run(into folder: URL, replaces: Bool, _ progress: @escaping Progress) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in files {
            let target = folder.appendingPathComponent(file.name)
            if FileManager.default.fileExists(atPath: target.path) {
                if try FileDigest.read(target).sha256 == file.sha256 { continue }
                guard replaces else {
                    throw SpinError(
                        .conflict, "\(target.path) is there already, with other contents",
                        hint: "choose another folder, or say --replace")
                }
            }
            try fetch(file, to: target, progress)
        }
        try DurableFile.synchronize(folder: folder)
    }

    private func fetch(_ file: File, to target: URL, _ progress: @escaping Progress) throws {
        let output = try OutputFile(target)
        _ = try client.stream(
            path + "/files/" + file.name.percentEncoded, headers: [("Accept", "*/*")],
            silenceSeconds: Self.silenceSeconds
        ) { piece in
            try output.append(piece)
            progress(file.name, output.bytes, file.bytes)
            return true
        }
        guard output.bytes == file.bytes, output.sha256 == file.sha256 else {
            throw SpinError(
                .damagedFile, "\(file.name) came with other contents than the server states",
                hint: "fetch it again; spind verify checks the server's data folder")
        }
        _ = try output.publish()
    }
}
