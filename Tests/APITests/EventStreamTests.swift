import Foundation
import SpinDomain
import Synchronization
import Testing

/// The one stream on which everything can be followed.
struct EventStreamTests {
    private static let first = "job_aaaaaaaaaaaaaaaa"
    private static let second = "job_bbbbbbbbbbbbbbbb"

    private static func row(_ step: Int) -> StepMetrics {
        StepMetrics(
            step: step, iteration: 0, epoch: 0, loss: 0.5, sftLoss: 1.5, gradNorm: 2,
            learningRate: 1e-6, consumedSamples: 1, stepTime: 0.25, tokensPerSecond: 100)
    }

    private func move(_ service: TestService, _ job: String, to status: JobStatus) throws {
        _ = try service.store.transition(
            job: job, to: status, detail: nil, at: FixedClock.moment)
    }

    @Test(arguments: Transport.allCases)
    func eventsOfAllJobsComeInPages(transport: Transport) throws {
        let service = try TestService(transport)
        try service.insertJob(id: Self.first)
        try service.insertJob(id: Self.second)
        try service.cancelJob(Self.first)
        let page = try service.send("GET", "/v1/events?limit=2")
        let data = try #require(try page.json["data"]?.array)
        #expect(data.map { $0["job"] } == [.string(Self.first), .string(Self.second)])
        #expect(try page.json["has_more"] == true)
        let last = try #require(try page.json["last_id"]?.integer)
        #expect(page.header("Link") == "</v1/events?limit=2&after=\(last)>; rel=\"next\"")
        let rest = try service.send("GET", "/v1/events?after=\(last)").json
        #expect(rest["data"]?.array?.map { $0["type"] } == ["job.cancelled"])
        for query in ["limit=0", "limit=1001", "after=-1", "job=x"] {
            _ = try service.send("GET", "/v1/events?" + query).problem(400, "malformed")
        }
    }

    @Test func aStreamOfAllJobsBeginsWithThePresentAndSaysWhenOneEnds() throws {
        let service = try TestService(.socket)
        try service.insertJob(id: Self.first)
        let stream = try service.listen("/v1/events")
        let head = try stream.read(until: "event: open")
        for field in [
            "Content-Type: text/event-stream", "Cache-Control: no-store", "X-Accel-Buffering: no",
            "retry: 3000",
        ] {
            #expect(head.contains(field), "\(field)")
        }
        try service.insertJob(id: Self.second)
        try service.cancelJob(Self.first)
        let text = try stream.read(until: "event: end\ndata: {\"job\":\"\(Self.first)\"}")
        #expect(text.contains("event: job.created") && text.contains("event: job.cancelled"))
        // The first job was there before.
        #expect(text.components(separatedBy: "event: job.created").count == 2)
        try service.cancelJob(Self.second)
        _ = try stream.read(until: "event: end\ndata: {\"job\":\"\(Self.second)\"}")
    }

    @Test func aClientThatComesBackMissesNothing() throws {
        let service = try TestService(.socket)
        try service.insertJob(id: Self.first)
        try service.cancelJob(Self.first)
        let ids = try #require(try service.send("GET", "/v1/events").json["data"]?.array)
            .compactMap { $0["sequence"]?.integer }
        for target in ["/v1/events", "/v1/events?after=0"] {
            let header = [(name: "Last-Event-ID", value: "\(ids[0])")]
            let stream = try service.listen(target, headers: header)
            let text = try stream.read(until: "event: end")
            #expect(text.contains("id: \(ids[1])\nevent: job.cancelled"))
            #expect(!text.contains("event: job.created"))
        }
        let all = try service.listen("/v1/events?after=0").read(until: "event: end")
        #expect(all.contains("event: job.created"))
    }

    @Test(arguments: ["/v1/events", "/v1/jobs/job_aaaaaaaaaaaaaaaa/events"])
    func runningJobsTellWhereTheyAre(target: String) throws {
        let service = try TestService(.socket)
        try service.insertJob(id: Self.first)
        try service.insertJob(id: Self.second)
        try move(service, Self.first, to: .running)
        try service.store.append(steps: [Self.row(6)], job: Self.first)
        let stream = try service.listen(target)
        // Who comes anew is told the present state.
        _ = try stream.read(until: "\"after_seq\":1,")
        let before = try stream.read(until: "event: progress")
        #expect(before.contains("\"status\":\"running\""))
        var progress = JobProgress()
        progress.step = 77
        try service.store.setProgress(job: Self.first, progress)
        _ = try stream.read(until: "\"step\":77,")
        try service.store.append(steps: [Self.row(7)], job: Self.first)
        let text = try stream.read(until: "\"after_seq\":2,")
        #expect(!text.contains("\"after_seq\":3"))
        #expect(!text.contains("\"object\":\"job.progress\",\"job\":\"\(Self.second)\""))
        try move(service, Self.first, to: .succeeded)
        let rest = try stream.read(until: "event: end")
        #expect(rest.contains("event: job.succeeded"))
    }

    @Test func aStreamEndsWhenItsJobIsDeleted() throws {
        let service = try TestService(.socket)
        try service.insertJob(id: Self.first)
        let stream = try service.listen("/v1/jobs/\(Self.first)/events")
        _ = try stream.read(until: "event: job.created")
        try service.store.delete(job: Self.first)
        _ = try stream.read(until: "event: end")
    }

    @Test func aStreamEndsAfterHalfAnHourAndCanBeTakenUpAgain() throws {
        let clock = JumpingClock()
        let service = try TestService(.socket, clock: clock)
        try service.insertJob(id: Self.first)
        let stream = try service.listen("/v1/jobs/\(Self.first)/events")
        _ = try stream.read(until: "event: job.created")
        clock.jump(seconds: 1799)
        try move(service, Self.first, to: .paused)
        _ = try stream.read(until: "event: job.paused")
        clock.jump(seconds: 2)
        let text = try stream.read(until: "event: reconnect")
        #expect(text.contains("retry: 100") && !text.contains("event: end"))
    }

    @Test func aListOfEventsHasNoOtherForm() throws {
        let service = try TestService()
        _ = try service.send("GET", "/v1/events", headers: [("Accept", "text/csv")])
            .problem(406, "not_acceptable")
        let stream = [(name: "Accept", value: "text/event-stream")]
        let head = try service.send("HEAD", "/v1/events", headers: stream)
        #expect(head.header("Content-Type") == "text/event-stream")
    }
}

/// Stands still until it is told to jump.
private final class JumpingClock: Clock {
    private let seconds = Mutex(0)

    func now() -> Timestamp {
        Timestamp(
            microseconds: FixedClock.moment.microseconds + seconds.withLock { $0 } * 1_000_000)
    }

    func jump(seconds more: Int) { seconds.withLock { $0 += more } }
}
