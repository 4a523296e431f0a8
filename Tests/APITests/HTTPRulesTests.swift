import API
import SpinDomain
import Testing

/// What holds for every route.
struct HTTPRulesTests {
    @Test(arguments: Transport.allCases)
    func anUnknownPathIsNotFound(transport: Transport) throws {
        let service = try TestService(transport)
        for path in ["/v2", "/v1/job", "/v1/jobs/a/b", "/v1/jobs//metrics", "/favicon.ico"] {
            _ = try service.send("GET", path).problem(404, "not_found")
        }
        let hint = try service.send("GET", "/jobs").problem(404, "not_found")["hint"]
        #expect(hint?.string?.contains("/v1/jobs") == true)
    }

    @Test(arguments: Transport.allCases)
    func anotherMethodIsNotAllowed(transport: Transport) throws {
        let service = try TestService(transport)
        let answer = try service.send("PUT", "/v1/jobs/x")
        _ = try answer.problem(405, "method_not_allowed")
        #expect(answer.header("Allow") == "GET, PATCH, DELETE, HEAD, OPTIONS")
        _ = try service.send("GET", "/v1/jobs/x/pause").problem(405, "method_not_allowed")
        _ = try service.send("POST", "/healthz", json: "{}").problem(405, "method_not_allowed")
    }

    @Test(arguments: Transport.allCases)
    func optionsNameTheMethods(transport: Transport) throws {
        let service = try TestService(transport)
        let answer = try service.send("OPTIONS", "/v1/jobs")
        #expect(answer.status == 204)
        #expect(answer.header("Allow") == "POST, GET, HEAD, OPTIONS")
        _ = try service.send("OPTIONS", "/nowhere").problem(404, "not_found")
    }

    @Test(arguments: Transport.allCases)
    func headIsGetWithoutABody(transport: Transport) throws {
        let service = try TestService(transport)
        let job = try service.insertJob()
        for path in ["/v1", "/v1/jobs", "/v1/jobs/\(job.id)", "/healthz", "/openapi.yaml"] {
            let get = try service.send("GET", path)
            let head = try service.send("HEAD", path)
            #expect(head.status == 200)
            #expect(head.body.isEmpty && !get.body.isEmpty)
            #expect(head.header("ETag") == get.header("ETag"))
            #expect(head.header("Content-Type") == get.header("Content-Type"))
        }
        _ = try #require(try service.send("HEAD", "/v1/jobs/none").status == 404)
    }

    @Test(arguments: Transport.allCases)
    func aSlashAtTheEndLeadsToThePathWithoutIt(transport: Transport) throws {
        let service = try TestService(transport)
        let answer = try service.send("GET", "/v1/jobs/?limit=2")
        #expect(answer.status == 308)
        #expect(answer.header("Location") == "/v1/jobs?limit=2")
        // Never to another host.
        let twisted = try service.send("GET", "//elsewhere.example/")
        #expect(twisted.header("Location")?.hasPrefix("//") != true)
    }

    @Test(arguments: Transport.allCases)
    func aBodyOfAnotherTypeIsExplained(transport: Transport) throws {
        let service = try TestService(transport)
        let body = #"{"model":"tiny","dataset":"sums"}"#
        for type in ["application/x-www-form-urlencoded", "text/plain", nil] {
            let answer = try service.send("POST", "/v1/jobs", type: type, body: body)
            let problem = try answer.problem(415, "unsupported_media_type")
            #expect(
                problem["hint"]?.string?.contains("Content-Type: application/json") == true)
        }
    }

    @Test(arguments: Transport.allCases)
    func aBodyThatCannotBeReadIsExplainedWithThePlace(transport: Transport) throws {
        let service = try TestService(transport)
        let json = try service.send("POST", "/v1/jobs", json: "{\"model\":\n x}")
            .problem(400, "malformed")
        #expect(json["detail"]?.string?.contains("line 2, column 2") == true)
        let yaml = try service.send(
            "POST", "/v1/jobs", type: "application/yaml", body: "model: a\nmodel: b\n"
        ).problem(400, "malformed")
        #expect(yaml["detail"]?.string?.contains("appears twice") == true)
        _ = try service.send("POST", "/v1/jobs", type: "application/json", body: "")
            .problem(400, "malformed")
    }

    @Test func aBodyThatIsTooLargeIsRefused() throws {
        let service = try TestService(.socket)
        let body = "\"" + String(repeating: "a", count: ServiceHandler.maximumDocumentBytes) + "\""
        _ = try service.send("POST", "/v1/jobs", json: body).problem(413, "too_large")
        _ = try service.send("POST", "/v1/jobs/x/pause", json: body).problem(413, "too_large")
    }

    @Test func theRequestIDComesBack() throws {
        let service = try TestService(.socket)
        let answer = try service.send("GET", "/nowhere", headers: [("X-Request-Id", "abc-1")])
        let problem = try answer.problem(404, "not_found")
        #expect(problem["request_id"] == "abc-1")
        #expect(problem["instance"] == "urn:spind:request:abc-1")
        #expect(answer.header("X-Request-Id") == "abc-1")
    }

    @Test func aBadTargetIsAProblemToo() throws {
        let service = try TestService(.socket)
        _ = try service.send("GET", "/v1/jobs/%zz").problem(400, "malformed")
        _ = try service.send("GET", "/v1/jobs/a%2Fb").problem(400, "malformed")
    }

    @Test(arguments: Transport.allCases)
    func theServiceSaysHowItIs(transport: Transport) throws {
        let service = try TestService(transport)
        #expect(try service.send("GET", "/healthz").json == ["status": "ok"])
        #expect(try service.send("GET", "/readyz").json == ["status": "ready"])
        let stopping = try TestService(transport, isReady: false)
        let answer = try stopping.send("GET", "/readyz")
        _ = try answer.problem(503, "unavailable")
        #expect(answer.header("Retry-After") == "5")
        #expect(try stopping.send("GET", "/healthz").status == 200)
    }

    @Test func everyLinkOfTheIndexLeadsSomewhere() throws {
        let service = try TestService()
        let index = try service.send("GET", "/v1").json
        #expect(index["version"] == "1.2.3")
        let links = try #require(index["links"]?.object)
        for (_, link) in links.members {
            let target = link.string ?? ""
            let methods = try service.send("OPTIONS", target).header("Allow")
            guard methods?.contains("GET") == true else {
                // Texts are asked for by POST alone; without a body that is a bad request.
                #expect(try service.send("POST", target).status == 400, "\(target)")
                continue
            }
            #expect(try service.send("GET", target).status == 200, "\(target)")
        }
    }

    @Test func everyLinkOfAJobLeadsSomewhere() throws {
        for status in [JobStatus.queued, .paused, .waiting, .cancelled] {
            let service = try TestService()
            let job = try service.insertJob(
                status: status, mode: status == .waiting ? .manual : .auto)
            let links = try service.send("GET", "/v1/jobs/\(job.id)").json["links"]?.object
            for (name, link) in try #require(links).members {
                let path = link.string ?? ""
                if ["step", "pause", "resume", "cancel", "retry", "clone"].contains(name) {
                    let fresh = try TestService()
                    try fresh.register()
                    try fresh.insertJob(status: status, mode: status == .waiting ? .manual : .auto)
                    #expect(try fresh.send("POST", path).status < 300, "\(status) \(name)")
                } else {
                    #expect(try service.send("GET", path).status == 200, "\(name)")
                }
            }
        }
    }

    @Test func damagedRequestsNeverEndTheServer() throws {
        let service = try TestService()
        let body = Array(#"{"model":"tiny","dataset":"sums","spin":{"max_iterations":2}}"#.utf8)
        for index in body.indices {
            var damaged = body
            damaged[index] ^= 0x11
            let answer = try service.send(
                "POST", "/v1/jobs", json: String(decoding: damaged, as: UTF8.self))
            #expect(answer.status == 400 || answer.status == 422)
        }
    }
}
