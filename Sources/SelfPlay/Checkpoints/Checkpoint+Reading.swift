import DurableFiles
import Foundation
package import ModelFiles
package import SpinDomain
package import Tensors
package import Transformer

extension Checkpoint {
    private static let pieceBytes = 4 << 20
    private static let maximumStateBytes = 1 << 20

    /// Fills weights, moments and counters from a checkpoint, after checking every file's digest.
    ///
    /// - Throws: `damagedFile` when a file is missing or differs from its record, so that an older
    ///   checkpoint can take its place; `inputOutput`.
    package static func read(
        _ record: CheckpointRecord, into weights: ParameterArena, _ optimizer: Optimizer,
        family: ModelFamily, plan: GamePlan, pool: WorkerPool
    ) throws -> RunState {
        let folder = URL(filePath: record.path, directoryHint: .isDirectory)
        let required = [stateFile, momentsFile, "model.safetensors"]
        for name in required where !record.files.contains(where: { $0.name == name }) {
            throw SpinError.damaged(record.id, "has no \(name)")
        }
        for file in record.files { try verify(file, in: folder) }
        try ModelReader.load(folder, into: weights, pool: pool)
        try ArenaFile.read(
            folder.appending(path: momentsFile), into: optimizer.arenas, family: family, pool: pool)
        let state = try readState(folder, plan: plan)
        optimizer.updates = state.updates
        return state
    }

    private static func readState(_ folder: URL, plan: GamePlan) throws -> RunState {
        let url = folder.appending(path: stateFile)
        let text = try readAll(url)
        guard text.count <= maximumStateBytes else {
            throw SpinError.damaged(stateFile, "has \(text.count) bytes")
        }
        let json: JSONValue
        do {
            json = try JSONParser.parse(text)
        } catch {
            throw SpinError.damaged(stateFile, error.message)
        }
        return try RunState(json: json, plan: plan, file: stateFile)
    }

    private static func readAll(_ url: URL) throws -> Data {
        do {
            return try Data(contentsOf: url)
        } catch {
            throw SpinError.damaged(url.lastPathComponent, "cannot be read: \(error)")
        }
    }

    private static func verify(_ file: CheckpointRecord.File, in folder: URL) throws {
        let digest: String
        do {
            digest = try sha256(folder.appending(path: file.name))
        } catch {
            throw SpinError.damaged(file.name, "of the checkpoint cannot be read: \(error)")
        }
        guard digest == file.sha256 else {
            throw SpinError.damaged(file.name, "of the checkpoint differs from what was written")
        }
    }

    private static func sha256(_ url: URL) throws -> String {
        let handle = try FileHandle(forReadingFrom: url)
        defer { try? handle.close() }
        var hasher = SHA256Hasher()
        while let piece = try handle.read(upToCount: pieceBytes), !piece.isEmpty {
            piece.withUnsafeBytes { hasher.update($0) }
        }
        return hasher.finish()
    }
}
