import ArgumentParser
import Client
import SpinDomain

/// `spind checkpoints`: the models of a job.
struct CheckpointsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoints", abstract: "List a job's checkpoints, the newest first.")

    @Argument(help: JobArgument.help, completion: JobArgument.completion)
    var job: String

    @OptionGroup(title: "Server") var options: ClientOptions

    func run(_ client: ServerClient) throws {
        let answer = try client.get(client.job(job).path + "/checkpoints")
        guard !options.json else { return Console.say(answer) }
        var table = TextTable(
            ["ID", "STEP", "ITERATION", "VALIDATION", "SIZE", "PINNED", "CREATED (UTC)"],
            alignsRight: [1, 2, 3, 4])
        for checkpoint in try answer.json()["data"]?.array ?? [] {
            table.append([
                checkpoint["id"]?.string ?? "?", Quantity.number(checkpoint["step"]?.double),
                Quantity.number(checkpoint["iteration"]?.double),
                Quantity.number(checkpoint["validation_loss"]?.double),
                Quantity.bytes(checkpoint["bytes"]?.integer ?? 0),
                checkpoint["pinned"]?.bool == true ? "yes" : "",
                Quantity.minute(checkpoint["created_at"]?.string),
            ])
        }
        Console.say(table.isEmpty ? ["no checkpoints yet"] : table.lines)
    }
}
