import ArgumentParser
import Foundation

/// `spind export`: a checkpoint as a plain Hugging Face folder.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Copy a checkpoint's model, without optimizer state, to a folder.",
        discussion: """
            CHECKPOINT is a checkpoint's id together with --data-dir, or a checkpoint folder.
            The result loads with transformers.AutoModelForCausalLM.from_pretrained, and as a model
            of spind.
            """)

    @Argument(help: "A checkpoint id, or the path of a checkpoint folder.")
    var checkpoint: String

    @Option(help: "The folder to write; must not exist.")
    var to: String

    @Option(help: "The service's data folder, to look the id up.")
    var dataDir: String?

    /// What only a resume needs.
    private static let trainerFiles: Set<String> = ["optimizer.safetensors", "trainer_state.json"]

    func run() throws {
        let source = try sourceFolder()
        let files = FileManager.default
        let names = try files.contentsOfDirectory(atPath: source).sorted()
        guard names.contains("config.json") else {
            throw ValidationError("\(source) is not a checkpoint: it has no config.json")
        }
        try files.createDirectory(atPath: to, withIntermediateDirectories: false)
        for name in names where !Self.trainerFiles.contains(name) {
            try files.copyItem(atPath: "\(source)/\(name)", toPath: "\(to)/\(name)")
        }
        print(to)
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
        guard let dataDir, parts.count == 3, parts[0] == "ckpt", let step = Int(parts[2]) else {
            throw ValidationError(
                "no folder '\(checkpoint)'; with a checkpoint's id give --data-dir too")
        }
        let digits = String(step)
        let name = "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        return "\(dataDir)/checkpoints/job_\(parts[1])/\(name)"
    }
}
