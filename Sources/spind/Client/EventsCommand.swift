import ArgumentParser
import Client
import SpinDomain

/// `spind events`: the log of a job, or of all.
struct EventsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Print what happened to a job, or to all jobs.",
        discussion: "With --json, one event a line.", aliases: ["logs"])

    @Argument(
        help: "The job: its id, the beginning of it, or its name; if left out, all jobs.",
        completion: JobArgument.completion)
    var job: String?

    @Option(help: "Only events after the one with this sequence number.")
    var after: Int?

    @Flag(name: .shortAndLong, help: "Go on with what happens, until the job is over.")
    var follow = false

    @Option(help: "For how many seconds the server may be away.")
    var patience = JobWait.usualPatienceSeconds

    @OptionGroup(title: "Server") var options: ClientOptions

    func validate() throws {
        guard (after ?? 0) >= 0 else { throw ValidationError("--after: expected a number from 0") }
        guard patience >= 0 else { throw ValidationError("--patience: expected a number from 0") }
    }

    func run(_ client: ServerClient) throws {
        let path = try job.map { try client.job($0).path + "/events" } ?? "/v1/events"
        var last = after ?? 0
        try client.forEachPage(path, after: "\(last)") { _, events in
            for event in events { say(event) }
            last = events.last?["sequence"]?.integer ?? last
            return true
        }
        guard follow else { return }
        let follower = EventFollower(
            client, path: path, lastID: last, patienceSeconds: patience,
            report: { change in
                if case .lost(let reason) = change { Console.complain("\(reason); trying again") }
            },
            receive: { events in
                // Progress is no part of the log.
                for event in events where event.id != nil { say(event.json) }
                return true
            })
        try follower.run()
    }

    private func say(_ event: JSONValue) {
        guard !options.json else { return Console.say(event.text) }
        let id = job == nil ? (event["job"]?.string ?? "").forTerminal + "  " : ""
        let day = (event["time"]?.string ?? "").prefix(10)
        Console.say("\(day) \(id)\(JobPicture.line(event))")
    }
}
