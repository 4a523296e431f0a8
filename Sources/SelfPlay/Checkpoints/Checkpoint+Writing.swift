package import Foundation
import ModelFiles
package import SpinDomain
package import Transformer

extension Checkpoint {
    /// Writes a whole checkpoint under a temporary name, syncs it, and gives it its own.
    ///
    /// A folder of the same name, left by a run that ended before its record was stored, or by an
    /// earlier moment of the same step, is replaced.
    /// - Throws: `diskFull`, `inputOutput`.
    package static func write(
        _ contents: Contents, _ surroundings: Surroundings
    ) throws -> (folder: URL, files: [CheckpointRecord.File]) {
        let name = folderName(step: contents.state.step)
        let final = surroundings.folder.appending(path: name, directoryHint: .notDirectory)
        let temporary = surroundings.folder.appending(
            path: name + ".partial", directoryHint: .isDirectory)
        try remove(temporary)
        var extraFiles = surroundings.extraFiles
        extraFiles[stateFile] = contents.stateText
        var written = try ModelWriter.write(
            weights: contents.weights, description: surroundings.description,
            extraFiles: extraFiles, to: temporary)
        written.append(
            try ArenaFile.write(
                contents.optimizer.arenas, family: surroundings.description.family,
                to: temporary.appending(path: momentsFile)))
        try remove(final)
        try DurableFile.publish(folder: temporary, as: final)
        let files = written.sorted { $0.name < $1.name }.map {
            CheckpointRecord.File(name: $0.name, bytes: $0.bytes, sha256: $0.sha256)
        }
        return (final, files)
    }

    /// Absent folders are fine.
    private static func remove(_ folder: URL) throws {
        guard FileManager.default.fileExists(atPath: folder.path(percentEncoded: false)) else {
            return
        }
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            throw SpinError(
                .inputOutput, "cannot remove the old checkpoint folder \(folder.lastPathComponent)",
                hint: error.localizedDescription)
        }
    }
}

extension Optimizer {
    /// Moments as `ArenaFile` takes them; a parameter's first moment is `m.` and its name.
    package var arenas: [(prefix: String, values: ParameterArena)] {
        moments.map { ($0.name + ".", $0.arena) }
    }
}
