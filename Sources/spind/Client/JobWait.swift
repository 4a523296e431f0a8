import ArgumentParser
import Client

/// Waits for a job, and says how it ended.
struct JobWait {
    static let usualPatienceSeconds = 600.0

    /// Whether a job that waits for somebody is not waited for.
    var endsWhenIdle = true
    var patienceSeconds = usualPatienceSeconds

    /// - Parameter display: nil to wait in silence.
    /// - Throws: an exit code for a job that did not succeed.
    func wait(for job: JobState, _ client: ServerClient, _ display: WatchDisplay?) throws {
        defer { display?.close() }
        let watch = JobWatch(
            client, job, endsWhenIdle: endsWhenIdle, patienceSeconds: patienceSeconds,
            show: { display?.show($0, $1) })
        let job = try watch.run()
        display?.close()
        Console.complain(Self.verdict(job))
        if job.exitStatus != 0 { throw ExitCode(job.exitStatus) }
    }

    private static func verdict(_ job: JobState) -> String {
        let detail = job.statusDetail.map { ": " + $0.forTerminal } ?? ""
        let next = job.nextCommand.map { "; next: " + $0 } ?? ""
        return "\(job.id) \(job.statusText) after \(job.progress.step) steps\(detail)\(next)"
    }
}
