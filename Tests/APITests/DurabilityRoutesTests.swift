import Foundation
import SpinDomain
import Storage
import Testing

struct DurabilityRoutesTests {
    @Test(arguments: Transport.allCases)
    func aBackupIsThereWhenTheAnswerIs(transport: Transport) throws {
        let service = try TestService(transport)
        try service.register(dataset: "sums")
        let job = try service.insertJob()
        // Jobs that have not ended need their files; this one's are elsewhere.
        let answer = try service.send("POST", "/v1/backup")
        #expect(answer.status == 201, "\(answer.text)")
        #expect(try answer.json["object"] == "backup")
        #expect(try answer.json["files"] == 2)
        #expect(try answer.json["outside"] == ["/d", "/m"])
        let folder = try #require(try answer.json["path"]?.string)
        #expect(try Verification.verify(folder: folder).problems == [])
        let copy = try SQLiteStore(dataFolder: folder)
        #expect(try copy.job(job.id) == job)
        try copy.close()
        _ = try service.send("POST", "/v1/backup").problem(409, "conflict")
    }

    @Test(arguments: Transport.allCases)
    func aStepWithAKeyIsCountedOnce(transport: Transport) throws {
        let service = try TestService(transport)
        let job = try service.insertJob(status: .waiting, mode: .manual)
        let key = [(name: "Idempotency-Key", value: "s-1")]
        let path = "/v1/jobs/\(job.id)/step"
        for body in ["{}", #"{"iterations":1}"#, #"{ "iterations" : 1 }"#] {
            let answer = try service.send("POST", path, headers: key, json: body)
            #expect(answer.status == 202)
            #expect(try answer.json["allowed_iterations"] == 1)
        }
        _ = try service.send("POST", path, headers: key, json: #"{"iterations":2}"#)
            .problem(422, "idempotency_key_reused")
        let next = try service.send(
            "POST", path, headers: [(name: "Idempotency-Key", value: "s-2")], json: "{}")
        #expect(try next.json["allowed_iterations"] == 2)
    }

    @Test(arguments: Transport.allCases)
    func clientsMayChooseTheSameIdempotencyKey(transport: Transport) throws {
        let service = try TestService(transport)
        try service.register()
        let texts = try service.issueKeys()
        let (ada, bob) = try (#require(texts[.admin]), #require(texts[.submit]))
        func submit(_ apiKey: String, _ name: String) throws -> Answer {
            try service.send(
                "POST", "/v1/jobs", key: apiKey, headers: [("Idempotency-Key", "k")],
                json: #"{"name":"\#(name)","model":"tiny","dataset":"sums"}"#)
        }
        let first = try submit(ada, "ada's")
        let second = try submit(bob, "bob's")
        #expect(first.status == 201 && second.status == 201)
        #expect(second.header("Idempotency-Replayed") == nil)
        let again = try submit(ada, "ada's")
        #expect(again.header("Idempotency-Replayed") == "true")
        #expect(try again.json["id"] == first.json["id"])
        #expect(try submit(bob, "bob's").json["id"] == second.json["id"])
        _ = try submit(bob, "ada's").problem(422, "idempotency_key_reused")
    }

    @Test func aKeyIsForOneRoute() throws {
        let service = try TestService()
        try service.register()
        let job = try service.insertJob(status: .waiting, mode: .manual)
        let key = [(name: "Idempotency-Key", value: "k")]
        let document = #"{"model":"tiny","dataset":"sums"}"#
        #expect(try service.send("POST", "/v1/jobs", headers: key, json: document).status == 201)
        _ = try service.send("POST", "/v1/jobs/\(job.id)/step", headers: key)
            .problem(422, "idempotency_key_reused")
        #expect(try service.store.job(job.id).allowedIterations == 0)
    }

    @Test(arguments: Transport.allCases)
    func aFullDiskTakesNothingNewButAnswers(transport: Transport) throws {
        let service = try TestService(transport, freeBytes: 999)
        try service.register(model: "tiny", path: "tiny")
        let job = try service.insertJob()
        _ = try service.send("POST", "/v1/jobs", json: #"{"model":"tiny","dataset":"sums"}"#)
            .problem(507, "disk_full")
        _ = try service.send(
            "POST", "/v1/datasets?name=sums", type: "application/jsonl",
            body: #"{"prompt":"1+1=","response":"2"}"#
        ).problem(507, "disk_full")
        _ = try service.send("POST", "/v1/backup").problem(507, "disk_full")
        #expect(try service.send("GET", "/v1/jobs/\(job.id)").status == 200)
        #expect(try service.send("POST", "/v1/jobs/\(job.id)/cancel").status == 200)
        #expect(try service.send("DELETE", "/v1/jobs/\(job.id)").status == 204)
    }

    @Test func whyAJobPausesByItselfIsShown() throws {
        let service = try TestService()
        let job = try service.insertJob(status: .running)
        #expect(try service.send("GET", "/v1/jobs/\(job.id)").json["pause_reason"] == .null)
        _ = try service.store.transition(
            job: job.id, to: .paused, detail: "full", reason: .diskFull, at: FixedClock.moment)
        #expect(try service.send("GET", "/v1/jobs/\(job.id)").json["pause_reason"] == "disk_full")
    }
}
