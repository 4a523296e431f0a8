import ArgumentParser
import Client
import SpinDomain

/// `spind show`: one job and its iterations.
struct ShowCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a job and its iterations.")

    @Argument(help: JobArgument.help, completion: JobArgument.completion)
    var job: String

    @Flag(help: "Print its configuration as JSON, which spind submit takes.")
    var configuration = false

    @OptionGroup(title: "Server") var options: ClientOptions

    func run(_ client: ServerClient) throws {
        let job = try client.job(job)
        if configuration {
            print((job.json["configuration"] ?? .null).indentedText, terminator: "")
        } else if options.json {
            Console.say(try client.get(job.path))
        } else {
            Console.say(
                Self.lines(job) + Self.iterations(try client.list(job.path + "/iterations")))
            if let next = job.nextCommand { Console.say("next: " + next) }
        }
    }

    private static func lines(_ job: JobState) -> [String] {
        let progress = job.progress
        let settings = job.json["configuration"]
        let left = progress.secondsRemaining.map { ", \(Quantity.duration($0)) left" } ?? ""
        let fields: [(String, String)] = [
            ("job", job.id), ("name", job.name), ("status", status(job)),
            (
                "progress",
                Chart.bar(progress.fraction, width: 20).framed
                    + " \(Quantity.percent(progress.fraction))\(left)"
            ),
            (
                "step",
                "\(progress.stepText), iteration \(progress.iteration) "
                    + "of \(progress.iterations)"
            ),
            ("model", settings?["model"]?.string ?? "–"),
            ("data set", settings?["dataset"]?.string ?? "–"),
            ("created", Quantity.minute(job.createdAt)),
        ]
        return fields.map { name, value in
            name + String(repeating: " ", count: max(1, 10 - name.count)) + value.forTerminal
        }
    }

    private static func status(_ job: JobState) -> String {
        let phase = job.status == .running ? job.progress.phase.map { ", \($0)" } ?? "" : ""
        let place = job.queuePosition.map { " at position \($0)" } ?? ""
        let detail = job.statusDetail.map { ": " + $0 } ?? ""
        return job.statusText + phase + place + detail
    }

    private static func iterations(_ records: [JSONValue]) -> [String] {
        var table = TextTable(
            ["ITERATION", "KL PENALTY", "PAIRS", "LOSS", "→", "ACC", "MARGIN", "VALIDATION", "KL"],
            alignsRight: Set(0...8))
        for record in records {
            table.append(
                [
                    "iteration", "kl_penalty", "pairs", "start_loss", "end_loss", "end_acc",
                    "end_rewards_margin_mean", "validation_loss", "kl_generated",
                ].map { Quantity.number(record[$0]?.double) })
        }
        return table.isEmpty ? [] : [""] + table.lines
    }
}

extension String {
    /// In brackets, so that an empty bar can be seen.
    fileprivate var framed: String { "[" + self + "]" }
}
