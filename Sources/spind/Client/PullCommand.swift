import ArgumentParser
import Client
import Foundation
import SpinDomain

/// `spind pull`: a checkpoint as a folder of this machine.
struct PullCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetch a checkpoint into a folder, and check its SHA-256.",
        discussion: """
            The folder is one that transformers and spind load. What was broken off is gone on with
            when the same command comes again.
            """)

    @Argument(help: "A checkpoint's id, or a job, whose newest checkpoint is meant.")
    var source: String

    @Argument(help: "The folder; made if missing.", completion: .directory)
    var folder: String

    @Flag(help: "Of a job, the checkpoint with the lowest validation loss.")
    var best = false

    @Flag(help: "Leave out the optimizer's state, which only training on needs.")
    var weightsOnly = false

    @Flag(help: "Write over files of the same name.")
    var replace = false

    @OptionGroup(title: "Server") var options: ClientOptions

    func run(_ client: ServerClient) throws {
        let checkpoint = try checkpoint(client)
        let isTerminal = isatty(STDERR_FILENO) == 1
        let target = URL(fileURLWithPath: folder)
        try CheckpointDownload(client, checkpoint, isForTraining: !weightsOnly)
            .run(into: target, replaces: replace) { file, done, bytes in
                if isTerminal { Self.report(file, done, bytes) }
            }
        if options.json {
            print(checkpoint.indentedText, terminator: "")
        } else {
            Console.say("\(checkpoint["id"]?.string ?? "") is in \(target.path)")
        }
    }

    private func checkpoint(_ client: ServerClient) throws -> JSONValue {
        if source.hasPrefix("ckpt_") {
            return try client.get("/v1/checkpoints/" + source.percentEncoded).json()
        }
        let job = try client.job(source)
        let all = try client.list(job.path + "/checkpoints")
        func loss(_ checkpoint: JSONValue) -> Double {
            checkpoint["validation_loss"]?.double ?? .infinity
        }
        let found = best ? all.min { loss($0) < loss($1) } : all.first
        guard let found else {
            throw ClientError(
                .notFound, "\(job.id) has no checkpoint yet", hint: "spind checkpoints \(job.id)")
        }
        return found
    }

    private static func report(_ file: String, _ done: Int, _ bytes: Int) {
        let percent = Quantity.percent(bytes > 0 ? Double(done) / Double(bytes) : 1)
        let end = done == bytes ? "\n" : ""
        let line = "\r\u{1B}[K\(file.forTerminal) \(percent) of \(Quantity.bytes(bytes))\(end)"
        FileHandle.standardError.write(Data(line.utf8))
    }
}
