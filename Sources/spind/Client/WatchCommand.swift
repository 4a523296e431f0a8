import ArgumentParser
import Client
import SpinDomain

/// `spind watch`: a job live, until it is over.
struct WatchCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Watch a job until it is over.",
        discussion: """
            On a terminal a picture that follows the job, elsewhere lines of text. Goes on by itself
            when the server is started anew. Ctrl-C leaves the job alone.
            The exit status is 0 for a job that succeeded, 2 for one that failed, 3 for one that was
            cancelled, 4 with --until-idle for one that waits for somebody.
            """)

    @Argument(
        help: "The job: its id, the beginning of it, or its name; if left out, the running one.",
        completion: JobArgument.completion)
    var job: String?

    @Flag(help: "End also when the job is paused or waits for spind step.")
    var untilIdle = false

    @Option(help: "For how many seconds the server may be away.")
    var patience = JobWait.usualPatienceSeconds

    @OptionGroup(title: "Server") var options: ClientOptions

    func validate() throws {
        guard patience >= 0 else { throw ValidationError("--patience: expected a number from 0") }
    }

    func run(_ client: ServerClient) throws {
        let job = try job.map(client.job) ?? Self.running(client)
        try JobWait(endsWhenIdle: untilIdle, patienceSeconds: patience)
            .wait(for: job, client, WatchDisplay(printsJSON: options.json))
    }

    private static func running(_ client: ServerClient) throws -> JobState {
        let running = try client.list("/v1/jobs", query: [("status", "running")]).map(JobState.init)
        guard let job = running.first else {
            throw ClientError(.notFound, "no job is running", hint: "say which one: spind list")
        }
        return job
    }
}
