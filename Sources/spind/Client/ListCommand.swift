import ArgumentParser
import Client
import SpinDomain

/// `spind list`: the jobs of a server.
struct ListCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List jobs, the newest first.", aliases: ["ls"])

    @Option(help: "Only jobs with this status: \(ListCommand.statuses).")
    var status: String?

    @Option(help: "At most so many.")
    var limit = 20

    @Flag(help: "Print ids only.")
    var quiet = false

    @OptionGroup(title: "Server") var options: ClientOptions

    private static let statuses = JobStatus.allCases.map(\.rawValue).joined(separator: ", ")

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit: expected a number from 1") }
    }

    func run(_ client: ServerClient) throws {
        var table = TextTable(
            ["ID", "STATUS", "NAME", "STEP", "DONE", "LEFT", "CREATED (UTC)"],
            alignsRight: [3, 4, 5])
        try client.forEachPage("/v1/jobs", query: [("status", status)], limit: limit) {
            answer, jobs in
            if options.json {
                Console.say(answer)
            } else if quiet {
                Console.say(jobs.map { JobState($0).id })
            } else {
                for job in jobs { table.append(Self.cells(JobState(job))) }
            }
            // A script gets one document.
            return !options.json
        }
        guard !options.json, !quiet else { return }
        Console.say(table.isEmpty ? ["no jobs"] : table.lines)
    }

    private static func cells(_ job: JobState) -> [String] {
        let progress = job.progress
        let place = job.queuePosition.map { " \($0)" } ?? ""
        return [
            job.id, job.statusText + place, job.name, progress.stepText,
            Quantity.percent(progress.fraction),
            progress.secondsRemaining.map(Quantity.duration) ?? "–",
            Quantity.minute(job.createdAt),
        ]
    }
}
