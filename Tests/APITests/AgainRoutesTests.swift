import SpinDomain
import Testing

/// Retry, clone, and changes of how far a game goes.
struct AgainRoutesTests {
    @Test(arguments: Transport.allCases)
    func aCloneIsANewJob(transport: Transport) throws {
        let service = try TestService(transport)
        try service.register()
        let original = try service.insertJob(status: .failed)
        let path = "/v1/jobs/\(original.id)/clone"
        let key = [(name: "Idempotency-Key", value: "c-1")]
        let answer = try service.send("POST", path, headers: key, json: #"{"seed":5}"#)
        #expect(answer.status == 201)
        let id = try #require(try answer.json["id"]?.string)
        #expect(id != original.id)
        #expect(answer.header("Location") == "/v1/jobs/\(id)")
        #expect(try answer.json["cloned_from"] == .string(original.id))
        #expect(try answer.json["links"]?["cloned_from"] == .string("/v1/jobs/\(original.id)"))
        #expect(try answer.json["configuration"]?["seed"] == 5)
        #expect(try answer.json["name"] == "a job")
        let again = try service.send("POST", path, headers: key, json: #"{"seed":5}"#)
        #expect(again.header("Idempotency-Replayed") == "true")
        #expect(try again.json["id"] == .string(id))
        #expect(try service.send("POST", path).status == 201)
    }

    @Test(arguments: [
        (#"{"sede":5}"#, "/sede"), (#"{"spin":{"max_iterations":0}}"#, "/spin/max_iterations"),
        (#"{"model":null}"#, "/model"), (#"{"dataset":"sms"}"#, "/dataset"), ("[]", ""),
    ])
    func aCloneIsCheckedLikeASubmission(body: String, pointer: String) throws {
        let service = try TestService()
        try service.register()
        let job = try service.insertJob()
        let problem = try service.send("POST", "/v1/jobs/\(job.id)/clone", json: body)
            .problem(422, "invalid")
        #expect(problem.pointers == [pointer])
        #expect(try service.send("GET", "/v1/jobs").json["data"]?.array?.count == 1)
    }

    @Test(arguments: Transport.allCases)
    func aFailedJobSaysHowItGoesOn(transport: Transport) throws {
        let service = try TestService(transport)
        let job = try service.insertJob(status: .failed)
        let path = "/v1/jobs/\(job.id)"
        let shown = try service.send("GET", path).json
        #expect(shown["hint"]?.string?.contains("POST \(path)/retry") == true)
        let retry = try #require(shown["links"]?["retry"]?.string)
        let answer = try service.send("POST", retry)
        #expect(answer.status == 202)
        #expect(try answer.json["status"] == "queued")
        #expect(try answer.json["links"]?["retry"] == nil)
        _ = try service.send("POST", path + "/pause")
        let problem = try service.send("POST", path + "/retry").problem(409, "conflict")
        #expect(problem["hint"]?.string?.contains("\(path)/resume") == true)
    }

    /// Every state says in its hint, or its problem's hint, which request helps.
    @Test(arguments: [
        (JobStatus.paused, "/resume"), (.waiting, "/step"), (.cancelled, "/retry"),
        (.succeeded, "max_iterations"),
    ])
    func theNextRequestIsInTheLastAnswer(status: JobStatus, next: String) throws {
        let service = try TestService()
        let job = try service.insertJob(status: status, mode: .manual)
        let path = "/v1/jobs/\(job.id)"
        let shown = try service.send("GET", path).json
        #expect(shown["hint"]?.string?.contains(next) == true)
        guard status != .waiting else { return }
        let problem = try service.send("POST", path + "/step").problem(409, "conflict")
        #expect(problem["hint"]?.string?.contains(next) == true)
    }

    @Test(arguments: Transport.allCases)
    func moreIterationsContinueTheLists(transport: Transport) throws {
        let service = try TestService(transport)
        try service.register()
        let lists = """
            {"model":"tiny","dataset":"sums","optim":{"lr":[1e-6,2e-6]},
             "spin":{"max_iterations":2,"ref_policy_kl_penalty":[0.1,0.2]}}
            """
        let id = try #require(
            try service.send("POST", "/v1/jobs", json: lists).json["id"]?.string)
        let path = "/v1/jobs/\(id)"
        let longer = try service.send("PATCH", path, json: #"{"spin":{"max_iterations":3}}"#)
        #expect(longer.status == 200)
        let configuration = try longer.json["configuration"]
        #expect(configuration?["spin"]?["ref_policy_kl_penalty"] == [0.1, 0.2, 0.2])
        #expect(configuration?["optim"]?["lr"] == [1e-6, 2e-6, 2e-6])
        #expect(try longer.json["allowed_iterations"] == 3)
        let penalty = try service.send(
            "PATCH", path, json: #"{"spin":{"ref_policy_kl_penalty":0.5}}"#)
        #expect(
            try penalty.json["configuration"]?["spin"]?["ref_policy_kl_penalty"] == 0.5)
    }

    @Test(arguments: [
        (#"{"spin":{"max_iterations":2}}"#, "/spin/max_iterations"),
        (#"{"spin":{"max_iterations":null}}"#, "/spin/max_iterations"),
        (#"{"spin":{"max_iterations":"4"}}"#, "/spin/max_iterations"),
        (#"{"spin":{"max_iterations":10001}}"#, "/spin/max_iterations"),
        (#"{"spin":{"max_epochs":2}}"#, "/spin/max_epochs"),
        (#"{"spin":{"ref_policy_kl_penalty":[1,2]}}"#, "/spin/ref_policy_kl_penalty"),
        (#"{"spin":{"ref_policy_kl_penalty":null}}"#, "/spin/ref_policy_kl_penalty"),
        (#"{"spin":null}"#, "/spin"), (#"{"priority":1.5}"#, "/priority"),
        (#"{"queue_position":0}"#, "/queue_position"),
        (#"{"queue_position":null}"#, "/queue_position"),
    ])
    func aBadChangeOfTheGameIsRefused(body: String, pointer: String) throws {
        let service = try TestService()
        let job = try service.insertJob()
        let problem = try service.send("PATCH", "/v1/jobs/\(job.id)", json: body)
            .problem(422, "invalid")
        #expect(problem.pointers == [pointer])
        #expect(try service.store.job(job.id) == job)
    }

    @Test(arguments: Transport.allCases)
    func progressDoesNotSpoilAConditionalChange(transport: Transport) throws {
        let service = try TestService(transport)
        let path = "/v1/jobs/\(try service.insertJob().id)"
        let tag = try #require(try service.send("GET", path).header("ETag"))
        var progress = JobProgress()
        progress.step = 3
        try service.store.setProgress(job: "job_aaaaaaaaaaaaaaaa", progress)
        let fresh = try service.send("GET", path, headers: [("If-None-Match", tag)])
        #expect(fresh.status == 200)
        let change = try service.send(
            "PATCH", path, headers: [("If-Match", tag)], json: #"{"name":"x"}"#)
        #expect(change.status == 200)
        #expect(try change.json["progress"]?["step"] == 3)
        _ = try service.send("PATCH", path, headers: [("If-Match", tag)], json: #"{"name":"y"}"#)
            .problem(412, "precondition_failed")
    }

    @Test func aCheckpointOfAJobThatDoesNotRunIsThereAlready() throws {
        let service = try TestService()
        let job = try service.insertJob(status: .paused)
        let problem = try service.send("POST", "/v1/jobs/\(job.id)/checkpoints")
            .problem(409, "conflict")
        #expect(problem["hint"]?.string?.contains("/checkpoints") == true)
    }
}
