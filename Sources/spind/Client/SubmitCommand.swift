import ArgumentParser
import Client
import Foundation
import SpinDomain

/// `spind submit`: a job for a running server.
struct SubmitCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Submit a job; prints its id.",
        discussion: """
            Should the answer get lost, the request is sent again with the same Idempotency-Key, so
            that there is one job in any case. The exit status of --wait and --follow is that of
            spind watch --until-idle.
            """)

    @Argument(
        help: "The configuration, YAML or JSON; - reads standard input.",
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var configuration: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Change the configuration, as spin.max_iterations=3; repeatable.",
            valueName: "key=value"))
    var changes: [String] = []

    @Flag(help: "Check the configuration and say what the job would cost, without submitting it.")
    var validateOnly = false

    @Flag(help: "Wait until the job is over, or waits for somebody itself.")
    var wait = false

    @Flag(help: "Watch the job, as spind watch does.")
    var follow = false

    @Option(help: "A name for this request: with the same one, there is one job. Default: random.")
    var idempotencyKey: String?

    @OptionGroup(title: "Server") var options: ClientOptions

    func validate() throws {
        guard [validateOnly, wait, follow].count(where: { $0 }) < 2 else {
            throw ValidationError("one of --validate-only, --wait and --follow, not several")
        }
    }

    func run(_ client: ServerClient) throws {
        let document = try JobDocument.read(configuration, changes: changes)
        guard !validateOnly else { return try validate(document, client) }
        let answer = try client.post(
            "/v1/jobs", document, idempotencyKey: idempotencyKey ?? UUID().uuidString)
        let job = JobState(try answer.json())
        if options.json {
            Console.say(answer)
        } else {
            // Alone on standard output, so that a script can take it.
            Console.say(job.id)
            let place = job.queuePosition.map { " at position \($0)" } ?? ""
            Console.complain("\(job.statusText)\(place); spind watch \(job.id) follows it")
        }
        guard wait || follow else { return }
        try JobWait().wait(for: job, client, follow ? WatchDisplay(printsJSON: options.json) : nil)
    }

    private func validate(_ document: JSONValue, _ client: ServerClient) throws {
        let answer = try client.post("/v1/jobs", query: [("validate_only", "true")], document)
        guard !options.json else { return Console.say(answer) }
        Console.say(EstimateText(try answer.json()["estimate"] ?? .null).lines)
    }
}

/// What a job would cost, for people.
private struct EstimateText {
    let estimate: JSONValue

    init(_ estimate: JSONValue) {
        self.estimate = estimate
    }

    var lines: [String] { [size, cost] + warnings }

    private func integer(_ name: String) -> Int { estimate[name]?.integer ?? 0 }

    private var size: String {
        "valid: \(integer("rows")) rows, \(integer("steps_per_epoch")) steps an epoch, "
            + "\(integer("total_steps")) in all"
    }

    private var cost: String {
        let time = estimate["seconds"]?.double.map { "about " + Quantity.duration($0) + ", " } ?? ""
        return "needs: \(time)\(Quantity.bytes(integer("memory_bytes"))) of memory, "
            + "\(Quantity.bytes(integer("disk_bytes"))) of disk"
    }

    private var warnings: [String] {
        (estimate["warnings"]?.array ?? []).map { "warning: " + ($0.string ?? "").forTerminal }
    }
}
