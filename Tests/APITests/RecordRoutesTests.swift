import Foundation
import SpinDomain
import Testing

struct RecordRoutesTests {
    private static func sample(_ iteration: Int, _ index: Int) -> RolloutSample {
        RolloutSample(
            iteration: iteration, index: index, epoch: 0, sourceIteration: iteration, row: index,
            promptIDs: [1, 2], actualIDs: [3], generatedIDs: [4, 5], prompt: "p\n\"",
            referenceLogpActual: -0.1, referenceLogpGenerated: -1.0 / 3, stopReason: .stopToken)
    }

    @Test(arguments: Transport.allCases)
    func samplesComeInPagesOverIterations(transport: Transport) throws {
        let service = try TestService(transport)
        let job = try service.insertJob()
        for iteration in 0..<2 {
            try service.store.append(
                samples: (0..<3).map { Self.sample(iteration, $0) }, job: job.id)
        }
        let path = "/v1/jobs/\(job.id)/samples"
        let first = try service.send("GET", path + "?limit=4")
        #expect(try first.json["last_id"] == "1.0")
        #expect(first.header("Link") == "<\(path)?limit=4&after=1.0>; rel=\"next\"")
        let rest = try service.send("GET", path + "?after=1.0").json
        #expect(rest["data"]?.array?.count == 2)
        #expect(rest["has_more"] == false)
        let second = try service.send("GET", path + "?iteration=1&limit=1").json
        let sample = try #require(second["data"]?.array?.first)
        #expect(
            sample == [
                "iteration": 1, "index": 0, "epoch": 0, "row": 0, "source_iteration": 1,
                "prompt": "p\n\"", "actual": .null, "generated": .null, "prompt_ids": [1, 2],
                "actual_ids": [3], "generated_ids": [4, 5], "reference_logp_actual": -0.1,
                "reference_logp_generated": .number(-1.0 / 3), "stop_reason": "stop_token",
            ])
        for after in ["x", "1", "1.2.3", "-1.0", "1.", "99999999999999999999.0"] {
            _ = try service.send("GET", path + "?after=\(after)").problem(400, "malformed")
        }
    }

    @Test(arguments: Transport.allCases)
    func iterationsAndValidationsAreListed(transport: Transport) throws {
        let service = try TestService(transport)
        let job = try service.insertJob()
        var record = IterationRecord(iteration: 0)
        record.klPenalty = 0.1
        record.endAccuracy = 0.75
        try service.store.save(iteration: record, job: job.id)
        try service.store.append(
            validation: ValidationRecord(step: 0, iteration: 0, loss: 2.5, tokens: 9, seconds: 0.5),
            job: job.id)
        let path = "/v1/jobs/\(job.id)"
        let list = try service.send("GET", path + "/iterations").json
        let shown = try service.send("GET", path + "/iterations/0").json
        #expect(list["data"] == [shown])
        #expect(shown["end_acc"] == 0.75)
        #expect(shown["is_finished"] == false)
        for number in ["1", "x", "-0", "00", "99999999999999999999"] {
            _ = try service.send("GET", path + "/iterations/\(number)").problem(404, "not_found")
        }
        let validation = try service.send("GET", path + "/validations").json["data"]?.array?.first
        #expect(validation?["loss"] == 2.5)
        #expect(validation?["tokens"] == 9)
    }

    @Test(arguments: [
        "", "/iterations", "/iterations/0", "/metrics", "/validations", "/events", "/samples",
        "/checkpoints",
    ])
    func anUnknownJobHasNoRecords(part: String) throws {
        _ = try TestService().send("GET", "/v1/jobs/job_nowhere\(part)").problem(404, "not_found")
    }

    @Test(arguments: Transport.allCases)
    func eventsComeInPages(transport: Transport) throws {
        let service = try TestService(transport)
        let job = try service.insertJob()
        try service.cancelJob()
        let path = "/v1/jobs/\(job.id)/events"
        let all = try #require(try service.send("GET", path).json["data"]?.array)
        #expect(all.compactMap { $0["type"]?.string } == ["job.created", "job.cancelled"])
        let first = try service.send("GET", path + "?limit=1").json
        #expect(first["has_more"] == true)
        let after = try #require(first["last_id"]?.integer)
        let second = try service.send("GET", path + "?after=\(after)").json["data"]?.array
        #expect(second == [all[1]])
    }

    @Test func aStreamGoesOnUntilTheJobHasEnded() throws {
        let service = try TestService(.socket)
        let job = try service.insertJob()
        let path = "/v1/jobs/\(job.id)/events"
        let stream = [(name: "Accept", value: "text/event-stream")]
        let head = try service.send("HEAD", path, headers: stream)
        #expect(head.status == 200 && head.body.isEmpty)
        let reading = InBackground { try service.send("GET", path, headers: stream) }
        try service.cancelJob()
        let answer = try reading.value()
        #expect(answer.header("Content-Type") == "text/event-stream")
        #expect(answer.header("Cache-Control") == "no-store")
        let names = answer.text.split(separator: "\n").filter { $0.hasPrefix("event: ") }
        #expect(
            names == ["event: open", "event: job.created", "event: job.cancelled", "event: end"])

        let events = try #require(try service.send("GET", path).json["data"]?.array)
        let ids = events.compactMap { $0["sequence"]?.integer }
        #expect(answer.text.contains("id: \(ids[0])\n"))
        let rest = try service.send(
            "GET", path, headers: stream + [("Last-Event-ID", "\(ids[0])")])
        #expect(rest.text.contains("job.cancelled") && !rest.text.contains("job.created"))
        let over = try service.send(
            "GET", path, headers: stream + [("Last-Event-ID", "\(ids[1])")])
        #expect(over.status == 204)
    }
}
