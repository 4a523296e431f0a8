import ArgumentParser
import Client
import Foundation
import SpinDomain

// What happens to a job between two steps.

struct PauseCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Pause jobs after their last whole step.")

    @OptionGroup var jobs: JobsArgument
    @OptionGroup(title: "Server") var options: ClientOptions

    func run(_ client: ServerClient) throws { try jobs.ask(for: "pause", through: client, options) }
}

struct ResumeCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let paused jobs go on.")

    @OptionGroup var jobs: JobsArgument
    @OptionGroup(title: "Server") var options: ClientOptions

    func run(_ client: ServerClient) throws {
        try jobs.ask(for: "resume", through: client, options)
    }
}

struct CancelCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End jobs; their checkpoints stay.")

    @OptionGroup var jobs: JobsArgument
    @OptionGroup(title: "Server") var options: ClientOptions

    func run(_ client: ServerClient) throws {
        try jobs.ask(for: "cancel", through: client, options)
    }
}

struct RetryCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Let jobs that failed or were cancelled go on from their last checkpoint.")

    @OptionGroup var jobs: JobsArgument
    @OptionGroup(title: "Server") var options: ClientOptions

    func run(_ client: ServerClient) throws { try jobs.ask(for: "retry", through: client, options) }
}

struct StepCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "Let a job of mode manual play on, by one iteration if nothing is said.")

    @Option(help: "So many iterations more.")
    var iterations: Int?

    @Option(help: "So many steps more.")
    var steps: Int?

    @OptionGroup var jobs: JobsArgument
    @OptionGroup(title: "Server") var options: ClientOptions

    func validate() throws {
        guard iterations == nil || steps == nil else {
            throw ValidationError("either --iterations or --steps, not both")
        }
    }

    func run(_ client: ServerClient) throws {
        let amount: JSONValue =
            steps.map { ["steps": .integer($0)] } ?? ["iterations": .integer(iterations ?? 1)]
        try jobs.ask(for: "step", sending: amount, through: client, options)
    }
}

/// One or several jobs.
struct JobsArgument: ParsableArguments {
    @Argument(
        help: "The jobs: ids, beginnings of ids, or names.", completion: JobArgument.completion)
    var jobs: [String]

    /// Names are looked up before anything happens, so that a wrong one changes nothing.
    func ask(
        for action: String, sending document: JSONValue? = nil, through client: ServerClient,
        _ options: ClientOptions
    ) throws {
        for job in try jobs.map(client.job) {
            let answer = try client.post(
                "\(job.path)/\(action)", document,
                idempotencyKey: action == "step" ? UUID().uuidString : nil)
            guard !options.json else {
                Console.say(answer)
                continue
            }
            let state = JobState(try answer.json())
            // 202: it is still to happen.
            let asked = answer.status == 202 ? ", \(action) accepted" : ""
            Console.say("\(state.id) \(state.statusText)\(asked)")
        }
    }
}
