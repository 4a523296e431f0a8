import ArgumentParser
import Foundation

/// A checkpoint as a plain Hugging Face folder.
struct CheckpointCopy {
    /// What only a resume needs.
    private static let trainerFiles: Set<String> = ["optimizer.safetensors", "trainer_state.json"]

    /// An id, or a folder's path.
    let checkpoint: String
    let dataFolder: String?

    func write(to target: String) throws {
        let source = try sourceFolder()
        let files = FileManager.default
        let names = try files.contentsOfDirectory(atPath: source).sorted()
        guard names.contains("config.json") else {
            throw ValidationError("\(source) is not a checkpoint: it has no config.json")
        }
        try files.createDirectory(atPath: target, withIntermediateDirectories: false)
        for name in names where !Self.trainerFiles.contains(name) {
            try files.copyItem(atPath: "\(source)/\(name)", toPath: "\(target)/\(name)")
        }
    }

    private func sourceFolder() throws -> String {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: checkpoint, isDirectory: &isFolder),
            isFolder.boolValue
        {
            return checkpoint
        }
        // ckpt_X_17 lies in checkpoints/job_X/step-00000017; the store may be in a server's hands.
        let parts = checkpoint.split(separator: "_", omittingEmptySubsequences: false)
        guard let dataFolder, parts.count == 3, parts[0] == "ckpt", let step = Int(parts[2]) else {
            throw ValidationError(
                "no folder '\(checkpoint)'; with a checkpoint's id give --data-dir too")
        }
        let digits = String(step)
        let name = "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        return "\(dataFolder)/checkpoints/job_\(parts[1])/\(name)"
    }
}
