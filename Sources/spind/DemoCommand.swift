import ArgumentParser
import Foundation

/// `spind demo`: writes the embedded default to a folder.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Write the embedded tiny model, its data and job files to a folder.")

    @Argument(help: "The folder; made if missing.")
    var folder: String

    func run() throws {
        let prefix = "Demo/"
        for file in Embedded.files where file.name.hasPrefix(prefix) {
            let target = URL(fileURLWithPath: folder)
                .appendingPathComponent(String(file.name.dropFirst(prefix.count)))
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try file.data.write(to: target)
        }
        print("wrote \(folder): model/, data/, job.yaml; play it with")
        print("  cd \(folder) && spind run job.yaml --output out")
    }
}
