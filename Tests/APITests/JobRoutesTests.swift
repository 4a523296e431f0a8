import SpinDomain
import Testing

struct JobRoutesTests {
    private static let smallest = #"{"model":"tiny","dataset":"sums"}"#

    @Test(arguments: Transport.allCases)
    func aSubmittedJobIsAnsweredAndFoundAgain(transport: Transport) throws {
        let service = try TestService(transport)
        try service.register()
        let answer = try service.send("POST", "/v1/jobs", json: Self.smallest)
        #expect(answer.status == 201)
        let job = try answer.json
        let id = try #require(job["id"]?.string)
        #expect(answer.header("Location") == "/v1/jobs/\(id)")
        #expect(job["object"] == "job")
        #expect(job["status"] == "queued")
        #expect(job["name"] == "untitled")
        #expect(job["created_at"] == .string(FixedClock.moment.text))
        #expect(job["progress"]?["iterations_total"] == 3)
        #expect(job["queue_position"] == 1)
        #expect(job["configuration"]?["train"]?["micro_batch_size"] == 4)
        #expect(job["links"]?["pause"] == .string("/v1/jobs/\(id)/pause"))
        #expect(job["links"]?["resume"] == nil)
        let shown = try service.send("GET", "/v1/jobs/\(id)")
        #expect(shown.status == 200)
        #expect(try shown.json == job)
    }

    @Test(arguments: Transport.allCases)
    func yamlAndJSONGiveTheSameJob(transport: Transport) throws {
        let service = try TestService(transport)
        try service.register()
        let yaml = "model: tiny\ndataset: sums\nmode: manual\ntrain: {val_check_interval: 1.0}\n"
        let answer = try service.send("POST", "/v1/jobs", type: "application/yaml", body: yaml)
        #expect(answer.status == 201)
        let job = try answer.json
        #expect(job["status"] == "waiting")
        #expect(job["allowed_iterations"] == 0)
        #expect(job["configuration"]?["train"]?["val_check_interval"] == 1.0)
        let json = try #require(job["configuration"]).text
        let again = try service.send("POST", "/v1/jobs", json: json)
        #expect(try again.json["configuration"] == job["configuration"])
    }

    /// The first calls of somebody who has read nothing.
    @Test func emptyCallsSayWhatToDoNext() throws {
        let service = try TestService(.direct)
        func hint(_ path: String, _ json: String) throws -> String {
            try service.send("POST", path, json: json).problem(422, "invalid").text
        }
        #expect(try hint("/v1/jobs", "{}").contains("GET /v1/models and GET /v1/datasets"))
        #expect(try hint("/v1/models", "{}").contains("models folders: /"))
        let unknown = try hint("/v1/jobs", #"{"model":"tiny","dataset":"sums"}"#)
        #expect(unknown.contains("POST /v1/models"))
        #expect(unknown.contains("POST /v1/datasets?name=sums"))
    }

    @Test(arguments: Transport.allCases)
    func everyProblemOfAConfigurationIsNamed(transport: Transport) throws {
        let service = try TestService(transport)
        try service.register()
        let bad = #"{"dataset":"sums","spin":{"max_epoch":1},"optim":{"lr":[1,2]}}"#
        let problem = try service.send("POST", "/v1/jobs", json: bad).problem(422, "invalid")
        #expect(Set(problem.pointers) == ["/model", "/spin/max_epoch", "/optim/lr"])
        let unknown = #"{"model":"tinny","dataset":"sum","validation_dataset":"x"}"#
        let names = try service.send("POST", "/v1/jobs", json: unknown).problem(422, "invalid")
        #expect(Set(names.pointers) == ["/model", "/dataset", "/validation_dataset"])
        #expect(names["errors"]?.array?.first?["detail"]?.string?.contains("'tiny'") == true)
        let unlucky = #"{"model":"tiny","dataset":"sums","seed":13}"#
        let plan = try service.send("POST", "/v1/jobs", json: unlucky).problem(422, "invalid")
        #expect(plan.pointers == ["/train/global_batch_size"])
        #expect(try service.send("GET", "/v1/jobs").json["data"] == [])
    }

    @Test(arguments: Transport.allCases)
    func validationStoresNothing(transport: Transport) throws {
        let service = try TestService(transport)
        try service.register()
        let answer = try service.send(
            "POST", "/v1/jobs?validate_only=true", json: Self.smallest)
        #expect(answer.status == 200)
        let json = try answer.json
        #expect(json["is_valid"] == true)
        #expect(json["estimate"]?["total_steps"] == 3)
        #expect(json["estimate"]?["first_rows"]?.array?.first?["prompt_ids"] == [1, 2])
        #expect(json["configuration"]?["spin"]?["max_iterations"] == 3)
        #expect(try service.send("GET", "/v1/jobs").json["data"] == [])
    }

    @Test(arguments: Transport.allCases)
    func aKeyMakesOneJobOfTwoRequests(transport: Transport) throws {
        let service = try TestService(transport)
        try service.register()
        let key = [(name: "Idempotency-Key", value: "k-1")]
        let first = try service.send("POST", "/v1/jobs", headers: key, json: Self.smallest)
        let yaml = "model: tiny\ndataset: sums\n"
        let second = try service.send(
            "POST", "/v1/jobs", type: "text/yaml", body: yaml, headers: key)
        #expect(second.status == 201)
        #expect(first.header("Idempotency-Replayed") == nil)
        #expect(second.header("Idempotency-Replayed") == "true")
        #expect(try second.json["id"] == first.json["id"])
        let other = #"{"model":"tiny","dataset":"sums","seed":1}"#
        _ = try service.send("POST", "/v1/jobs", headers: key, json: other)
            .problem(422, "idempotency_key_reused")
        #expect(try service.send("GET", "/v1/jobs").json["data"]?.array?.count == 1)
    }

    @Test func aKeyThatIsNoneIsRefused() throws {
        let service = try TestService()
        for value in ["", "a b", "é", String(repeating: "k", count: 256)] {
            _ = try service.send(
                "POST", "/v1/jobs", headers: [("Idempotency-Key", value)], json: Self.smallest
            ).problem(400, "malformed")
        }
    }

    @Test(arguments: Transport.allCases)
    func jobsAreListedInPagesNewestFirst(transport: Transport) throws {
        let service = try TestService(transport)
        for index in 0..<5 { try service.insertJob(id: "job_\(index)") }
        try service.cancelJob("job_3")
        var seen: [String] = []
        var target: String? = "/v1/jobs?limit=2"
        while let next = target {
            let answer = try service.send("GET", next)
            let page = try answer.json
            let ids = page["data"]?.array?.compactMap { $0["id"]?.string } ?? []
            #expect(page["first_id"]?.string == ids.first)
            #expect(page["last_id"]?.string == ids.last)
            #expect(page["has_more"] == .bool(answer.header("Link") != nil))
            seen += ids
            target = answer.header("Link").map { String($0.dropFirst().prefix { $0 != ">" }) }
        }
        #expect(seen == ["job_4", "job_3", "job_2", "job_1", "job_0"])
        let cancelled = try service.send("GET", "/v1/jobs?status=cancelled").json["data"]?.array
        #expect(cancelled?.compactMap { $0["id"] } == ["job_3"])
    }

    @Test(arguments: [
        ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"),
        ("status=done", "status"), ("stats=queued", "status"), ("limit=1&limit=2", "twice"),
        ("a=1", "status, limit, after"),
    ])
    func aBadQueryIsRefused(query: String, hint: String) throws {
        let answer = try TestService().send("GET", "/v1/jobs?\(query)")
        _ = try answer.problem(400, "malformed")
        #expect(answer.text.contains(hint))
    }

    @Test(arguments: Transport.allCases)
    func nameAndLabelsCanBeChanged(transport: Transport) throws {
        let service = try TestService(transport)
        let job = try service.insertJob()
        let path = "/v1/jobs/\(job.id)"
        let first = try service.send(
            "PATCH", path, json: #"{"name":"new","labels":{"a":"1","b":"2"}}"#)
        #expect(first.status == 200)
        #expect(try first.json["name"] == "new")
        let second = try service.send("PATCH", path, json: #"{"labels":{"a":null,"c":"3"}}"#)
        #expect(try second.json["configuration"]?["labels"] == ["b": "2", "c": "3"])
        #expect(try second.json["name"] == "new")
        let third = try service.send("PATCH", path, json: #"{"labels":null}"#)
        #expect(try third.json["configuration"]?["labels"] == [:])
    }

    @Test(arguments: [
        (#"{"name":""}"#, "/name"), (#"{"seed":1}"#, "/seed"), (#"{"label":{}}"#, "/label"),
        (#"{"labels":3}"#, "/labels"), (#"{"labels":{"a":3}}"#, "/labels"), ("[]", ""),
    ])
    func aBadChangeIsRefused(body: String, pointer: String) throws {
        let service = try TestService()
        let job = try service.insertJob()
        let problem = try service.send("PATCH", "/v1/jobs/\(job.id)", json: body)
            .problem(422, "invalid")
        #expect(problem.pointers == [pointer])
        #expect(try service.store.job(job.id) == job)
    }

    @Test(arguments: Transport.allCases)
    func aChangeMayDependOnTheTag(transport: Transport) throws {
        let service = try TestService(transport)
        let path = "/v1/jobs/\(try service.insertJob().id)"
        let tag = try #require(try service.send("GET", path).header("ETag"))
        let same = [(name: "If-Match", value: tag)]
        #expect(
            try service.send("PATCH", path, headers: same, json: #"{"name":"x"}"#).status == 200)
        for method in ["PATCH", "DELETE"] {
            let body = method == "PATCH" ? #"{"name":"y"}"# : nil
            _ = try service.send(method, path, headers: same, json: body)
                .problem(412, "precondition_failed")
            _ = try service.send(method, path, headers: [("If-Match", "junk")], json: body)
                .problem(412, "precondition_failed")
        }
        #expect(try service.send("DELETE", path, headers: [("If-Match", "*")]).status == 204)
    }

    @Test(arguments: Transport.allCases)
    func aDeletedJobIsGone(transport: Transport) throws {
        let service = try TestService(transport)
        let path = "/v1/jobs/\(try service.insertJob().id)"
        let answer = try service.send("DELETE", path)
        #expect(answer.status == 204)
        #expect(answer.body.isEmpty)
        _ = try service.send("GET", path).problem(404, "not_found")
        _ = try service.send("DELETE", path).problem(404, "not_found")
    }

    @Test(arguments: Transport.allCases)
    func anUnchangedJobIsNotSentTwice(transport: Transport) throws {
        let service = try TestService(transport)
        let job = try service.insertJob()
        let tag = try #require(try service.send("GET", "/v1/jobs/\(job.id)").header("ETag"))
        let header = [(name: "If-None-Match", value: "\"other\", \(tag)")]
        let unchanged = try service.send("GET", "/v1/jobs/\(job.id)", headers: header)
        #expect(unchanged.status == 304)
        #expect(unchanged.body.isEmpty)
        #expect(unchanged.header("ETag") == tag)
        var progress = JobProgress()
        progress.step = 1
        try service.store.setProgress(job: job.id, progress)
        #expect(try service.send("GET", "/v1/jobs/\(job.id)", headers: header).status == 200)
    }
}
