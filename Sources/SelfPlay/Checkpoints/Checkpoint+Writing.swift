import DurableFiles
package import Foundation
import ModelFiles
package import SpinDomain
package import Transformer

extension Checkpoint {
    /// Writes a whole checkpoint under a temporary name, syncs it, and gives it its own.
    ///
    /// A folder that the step has already stays, since a row of the store may name it: then the new
    /// one has a number at its end, and the old one goes when no row names it any more.
    /// - Throws: `diskFull`, `inputOutput`; what was written goes.
    package static func write(
        _ contents: Contents, _ surroundings: Surroundings
    ) throws -> (folder: URL, files: [CheckpointRecord.File]) {
        let name = freeName(folderName(step: contents.state.step), in: surroundings.folder)
        let final = surroundings.folder.appending(path: name, directoryHint: .notDirectory)
        let temporary = surroundings.folder.appending(
            path: name + ".partial", directoryHint: .isDirectory)
        try remove(temporary)
        do {
            let written = try write(contents, surroundings, to: temporary)
            Failpoint.checkpointWritten.pass()
            try DurableFile.publish(folder: temporary, as: final)
            let files = written.sorted { $0.name < $1.name }.map {
                CheckpointRecord.File(name: $0.name, bytes: $0.bytes, sha256: $0.sha256)
            }
            return (final, files)
        } catch {
            // On a full disk its space is needed; should this fail too, the next start removes it.
            _ = Result { try remove(temporary) }
            throw error
        }
    }

    private static func write(
        _ contents: Contents, _ surroundings: Surroundings, to folder: URL
    ) throws -> [WrittenFile] {
        var extraFiles = surroundings.extraFiles
        extraFiles[stateFile] = contents.stateText
        var written = try ModelWriter.write(
            weights: contents.weights, description: surroundings.description,
            extraFiles: extraFiles, to: folder)
        Failpoint.checkpointModelWritten.pass()
        written.append(
            try ArenaFile.write(
                contents.optimizer.arenas, family: surroundings.description.family,
                to: folder.appending(path: momentsFile)))
        return written
    }

    private static func freeName(_ name: String, in folder: URL) -> String {
        func isTaken(_ name: String) -> Bool {
            FileManager.default.fileExists(
                atPath: folder.appending(path: name).path(percentEncoded: false))
        }
        guard isTaken(name) else { return name }
        var number = 2
        while isTaken("\(name).\(number)") { number += 1 }
        return "\(name).\(number)"
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
