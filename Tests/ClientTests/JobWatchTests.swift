import Client
import MicroHTTP
import SpinDomain
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct JobWatchTests {
    /// As the server shows it; the name is one that a terminal would obey.
    private static func job(_ status: String, step: Int) -> JSONValue {
        [
            "id": "job_1", "name": "first\u{1B}[2J", "status": .string(status),
            "status_detail": status == "failed" ? "the loss is NaN" : .null,
            "progress": progress(step: step),
        ]
    }

    private static func progress(step: Int) -> JSONValue {
        [
            "phase": "train", "iteration": 0, "iterations_total": 2, "step": .integer(step),
            "steps_total": 4, "fraction": .number(Double(step) / 4),
            "tokens_per_second": 812.4, "seconds_remaining": 80,
        ]
    }

    private static let buckets: JSONValue = [
        "data": [
            "loss": ["mean": [0.7, 0.6, 0.5], "last": [0.7, 0.6, 0.5]],
            "acc": ["mean": [.null], "last": [.null]],
        ]
    ]

    private static func logged(_ id: Int, _ type: String, _ message: String) -> ServerSentEvent {
        let event: JSONValue = [
            "type": .string(type), "message": .string(message), "level": "info",
            "time": "2026-11-23T15:01:02.000003Z", "sequence": .integer(id),
        ]
        return ServerSentEvent(data: event.text, name: type, id: "\(id)")
    }

    private static func server(
        statuses: [String], _ events: [ServerSentEvent]
    ) throws -> ScriptedServer {
        let left = Mutex(statuses)
        return try ScriptedServer { request, _ in
            switch request.path {
            case "/v1/jobs/job_1":
                return .json(
                    left.withLock { left in
                        job(left.count > 1 ? left.removeFirst() : left[0], step: 2)
                    })
            case "/v1/jobs/job_1/metrics": return .json(buckets)
            default:
                let stream = EventStream()
                for event in events { stream.send(event) }
                stream.finish()
                return .events(stream)
            }
        }
    }

    private static let end = ServerSentEvent(data: "{}", name: "end")

    /// What was shown, the last picture last.
    private func watch(
        _ server: ScriptedServer, endsWhenIdle: Bool = false
    ) throws -> (job: JobState, pictures: [JobPicture]) {
        var pictures: [JobPicture] = []
        let job = try JobWatch(
            server.client(), JobState(Self.job("running", step: 0)), endsWhenIdle: endsWhenIdle,
            patienceSeconds: 30, show: { picture, _ in pictures.append(picture) }
        ).run()
        return (job, pictures)
    }

    private func lines(_ picture: JobPicture, width: Int = 100, height: Int = 40) -> [String] {
        picture.frame(width: width, height: height).map { $0.text(width: width, isColored: false) }
    }

    @Test func thePictureFollowsTheJobToItsEnd() throws {
        let progress: JSONValue = ["status": "running", "progress": Self.progress(step: 3)]
        let server = try Self.server(
            statuses: ["running", "succeeded"],
            [
                Self.logged(1, "iteration.started", "iteration 0 begins"),
                ServerSentEvent(data: progress.text, name: "progress"),
                Self.logged(2, "job.succeeded", "the job is over"), Self.end,
            ])
        let (job, pictures) = try watch(server)
        #expect(job.status == .succeeded && job.exitStatus == 0)
        let first = lines(try #require(pictures.first))
        #expect(first[0] == "first\\u{1b}[2J  job_1  running")
        #expect(
            first[1].hasPrefix("[████") && first[1].contains("50 %  step 2/4, iteration 0 of 2"))
        #expect(first[2] == "train, 812 tokens/s")
        #expect(
            first.contains { $0.hasPrefix("loss ") && $0.contains("0.5") && $0.hasSuffix("█▅▁") })
        #expect(!first.contains { $0.hasPrefix("acc") }, "there is none")
        let last = lines(try #require(pictures.last))
        #expect(last.contains("15:01:02  iteration.started   iteration 0 begins"))
        #expect(last.last == "next: spind pull job_1 FOLDER")
    }

    @Test func itNeverHasMoreLinesOrColumnsThanFit() throws {
        let log = (1...30).map { Self.logged($0, "iteration.started", "iteration \($0) 漢字") }
        let server = try Self.server(statuses: ["succeeded"], log + [Self.end])
        let picture = try #require(try watch(server).pictures.last)
        for (width, height) in [(200, 60), (80, 24), (40, 10), (7, 3), (1, 1), (0, 0)] {
            let frame = lines(picture, width: width, height: height)
            #expect(frame.count <= max(1, height))
            #expect(frame.allSatisfy { $0.count <= width })
        }
    }

    @Test(arguments: [("failed", 2), ("cancelled", 3)])
    func theExitStatusSaysHowItEnded(status: String, exitStatus: Int) throws {
        let server = try Self.server(
            statuses: [status], [Self.logged(1, "job.\(status)", "over"), Self.end])
        let (job, pictures) = try watch(server)
        #expect(job.exitStatus == exitStatus)
        #expect(pictures.last.map { lines($0).last } == "next: spind retry job_1")
    }

    @Test func aJobThatWaitsForSomebodyIsNotWaitedForIfSaidSo() throws {
        let server = try Self.server(
            statuses: ["running", "paused"], [Self.logged(1, "job.paused", "paused")])
        let (job, _) = try watch(server, endsWhenIdle: true)
        #expect(job.status == .paused && job.exitStatus == 4)
    }

    @Test func aLineTellsWithoutATerminal() throws {
        let server = try Self.server(statuses: ["running", "succeeded"], [Self.end])
        let line = try #require(try watch(server).pictures.first).line
        #expect(
            line == "running, train, 50 %, step 2/4, iteration 0 of 2, loss 0.5, 1m 20s left")
    }

    @Test func coloursAreForWhoWantsThem() {
        let line = StyledLine(("a", .bold), ("bc", .plain), ("", .red))
        #expect(line.text(width: 2, isColored: true) == "\u{1B}[1ma\u{1B}[0mb")
        #expect(line.text(width: 2, isColored: false) == "ab")
        #expect(StyledLine("漢字x").text(width: 3, isColored: false) == "漢")
    }
}
