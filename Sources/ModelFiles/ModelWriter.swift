public import DurableFiles
public import Foundation
import SpinDomain
public import Transformer

/// Writes Hugging Face folders that transformers loads.
public enum ModelWriter {
    /// Writes `model.safetensors` (F32), `config.json`, `generation_config.json` and the extra
    /// files, each synced, then syncs the folder; equal weights give equal bytes.
    ///
    /// - Parameters:
    ///   - weights: of the description's configuration.
    ///   - extraFiles: by plain file name, such as the tokenizer's.
    ///   - folder: created when it is not there.
    /// - Returns: what was written, sorted by name.
    /// - Throws: `invalid` for an extra file's name; `diskFull`, `inputOutput`.
    public static func write(
        weights: ParameterArena, description: ModelDescription,
        extraFiles: [String: Data] = [:], to folder: URL
    ) throws -> [WrittenFile] {
        var files = extraFiles
        if let name = files.keys.sorted().first(where: { !isAllowed($0) }) {
            throw SpinError(.invalid, "'\(name)' cannot be the name of a file beside the model")
        }
        files["config.json"] = description.configurationJSON
        files["generation_config.json"] = description.generationConfigurationJSON
        try createFolder(folder)
        var written = [
            try ArenaFile.write(
                [("", weights)], family: description.family,
                to: folder.appending(path: "model.safetensors"))
        ]
        for (name, data) in files {
            written.append(try OutputFile.write(data, to: folder.appending(path: name)))
        }
        try DurableFile.synchronize(folder: folder)
        return written.sorted { $0.name < $1.name }
    }

    private static func isAllowed(_ name: String) -> Bool {
        let own = ["model.safetensors", "config.json", "generation_config.json"]
        return FileName.isPlain(name) && !own.contains(name)
    }

    private static func createFolder(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
        } catch {
            throw SpinError(
                .inputOutput,
                "cannot create \(folder.path(percentEncoded: false)): \(error.localizedDescription)"
            )
        }
    }
}
