import SpinDomain
import Testing

struct ControlRoutesTests {
    @Test(arguments: Transport.allCases)
    func aQueuedJobCanBePausedResumedAndCancelled(transport: Transport) throws {
        let service = try TestService(transport)
        let path = "/v1/jobs/\(try service.insertJob().id)"
        let paused = try service.send("POST", path + "/pause")
        #expect(paused.status == 200)
        #expect(try paused.json["status"] == "paused")
        #expect(try paused.json["links"]?["resume"] == .string(path + "/resume"))
        #expect(try service.send("POST", path + "/pause").status == 200)
        let resumed = try service.send("POST", path + "/resume")
        #expect(resumed.status == 202)
        #expect(try resumed.json["status"] == "queued")
        let cancelled = try service.send("POST", path + "/cancel")
        #expect(cancelled.status == 200)
        #expect(try cancelled.json["status"] == "cancelled")
        #expect(try cancelled.json["finished_at"] == .string(FixedClock.moment.text))
        for action in ["pause", "resume", "step"] {
            let problem = try service.send("POST", "\(path)/\(action)").problem(409, "conflict")
            #expect(problem["detail"]?.string?.contains("cancelled") == true)
        }
    }

    @Test(
        arguments: [
            (nil, 1), ("{}", 1), ("null", 1), (#"{"iterations":2}"#, 2), (#"{"iterations":9}"#, 3),
        ] as [(String?, Int)])
    func aManualJobIsAllowedMoreIterations(body: String?, allowed: Int) throws {
        for transport in Transport.allCases {
            let service = try TestService(transport)
            let job = try service.insertJob(status: .waiting, mode: .manual)
            let answer = try service.send("POST", "/v1/jobs/\(job.id)/step", json: body)
            #expect(answer.status == 202)
            #expect(try answer.json["status"] == "queued")
            #expect(try answer.json["allowed_iterations"] == .integer(allowed))
        }
    }

    @Test(arguments: [
        (#"{"iterations":0}"#, "/iterations"), (#"{"iterations":1.0}"#, "/iterations"),
        (#"{"iterations":"1"}"#, "/iterations"), (#"{"iteration":1}"#, "/iteration"), ("[1]", ""),
        (#"{"steps":0}"#, "/steps"), (#"{"steps":"1"}"#, "/steps"),
        (#"{"steps":1,"iterations":1}"#, "/steps"), (#"{"step":1}"#, "/step"),
    ])
    func aBadStepIsRefused(body: String, pointer: String) throws {
        let service = try TestService()
        let job = try service.insertJob(status: .waiting, mode: .manual)
        let problem = try service.send("POST", "/v1/jobs/\(job.id)/step", json: body)
            .problem(422, "invalid")
        #expect(problem.pointers == [pointer])
        #expect(try service.store.job(job.id).allowedIterations == 0)
    }

    @Test(arguments: Transport.allCases)
    func aManualJobIsAllowedSteps(transport: Transport) throws {
        let service = try TestService(transport)
        let job = try service.insertJob(status: .waiting, mode: .manual)
        let answer = try service.send("POST", "/v1/jobs/\(job.id)/step", json: #"{"steps":10}"#)
        #expect(answer.status == 202)
        #expect(try answer.json["status"] == "queued")
        #expect(try answer.json["allowed_steps"] == 10)
        #expect(try answer.json["allowed_iterations"] == 0)
    }

    @Test(arguments: ["step", "pause", "resume", "cancel", "retry", "clone", "checkpoints"])
    func anUnknownJobIsNotFound(action: String) throws {
        _ = try TestService().send("POST", "/v1/jobs/job_nowhere/\(action)")
            .problem(404, "not_found")
    }

    @Test func anAutomaticJobCannotBeStepped() throws {
        let service = try TestService()
        let job = try service.insertJob()
        _ = try service.send("POST", "/v1/jobs/\(job.id)/step").problem(409, "conflict")
    }
}
