import API
import SpinDomain
import Testing

/// What keeps pages of other sites out.
struct BrowserRulesTests {
    @Test(arguments: [
        ("localhost", true), ("localhost:8080", true), ("LOCALHOST", true), ("127.0.0.1:1", true),
        ("[::1]:8080", true), ("evil.example", false), ("evil.example:8080", false),
        ("localhost.evil.example", false), ("127.0.0.1.evil.example", false), ("", false),
        ("10.0.0.1", false), ("spin.example", true), ("[::2]", false),
    ])
    func onlyOwnNamesAreAnswered(host: String, isAllowed: Bool) throws {
        var rules = AccessRules()
        rules.hosts = HostRule(boundTo: "127.0.0.1", alsoNamed: ["spin.example"])
        let service = try TestService(access: rules)
        for path in ["/v1/jobs", "/healthz", "/nowhere"] {
            let answer = try service.send("GET", path, headers: [("Host", host)])
            #expect((answer.status == 421) == !isAllowed, "\(path) \(answer.status)")
        }
        if !isAllowed {
            _ = try service.send("GET", "/", headers: [("Host", host)])
                .problem(421, "misdirected")
        }
    }

    @Test func aServerOnAllAddressesTakesEveryAddressButNoName() {
        for bound in ["0.0.0.0", "::"] {
            let rule = HostRule(boundTo: bound)
            for host in ["192.168.1.7:80", "[fe80::1]:80", "localhost", nil] {
                #expect(rule.allows(host), "\(host ?? "none")")
            }
            for host in ["evil.example", "192.168.1", "[evil.example]", "1.2.3.4.example"] {
                #expect(!rule.allows(host), "\(host)")
            }
        }
        #expect(HostRule(boundTo: "192.168.1.7").allows("192.168.1.7:80"))
        #expect(HostRule(boundTo: "fe80::1").allows("[fe80::1]:80"))
        #expect(!HostRule(boundTo: "192.168.1.7").allows("192.168.1.8"))
    }

    @Test func changesAreOnlyForOwnPages() throws {
        let service = try TestService()
        try service.register()
        let body = #"{"model":"tiny","dataset":"sums"}"#
        func submit(_ origin: String) throws -> Answer {
            try service.send(
                "POST", "/v1/jobs", headers: [("Host", "localhost:8080"), ("Origin", origin)],
                json: body)
        }
        for origin in ["http://evil.example", "null", "http://localhost:9090", "localhost:8080"] {
            _ = try submit(origin).problem(403, "foreign_origin")
        }
        for origin in ["http://localhost:8080", "https://localhost:8080"] {
            #expect(try submit(origin).status == 201)
        }
        // Reading is harmless: the other page does not get to see the answer.
        let read = try service.send("GET", "/v1/jobs", headers: [("Origin", "http://evil.example")])
        #expect(read.status == 200)
        #expect(read.header("Access-Control-Allow-Origin") == nil)
    }

    @Test(arguments: Transport.allCases)
    func anAllowedPageOfAnotherSiteMayDoEverything(transport: Transport) throws {
        var rules = AccessRules()
        rules.origins = OriginRule(allowing: ["https://dash.example"])
        let service = try TestService(transport, access: rules)
        _ = try service.issueKeys()
        let origin = [(name: "Origin", value: "https://dash.example")]
        // A browser asks first, and never shows a key when it does.
        let preflight = try service.send(
            "OPTIONS", "/v1/jobs", headers: origin + [("Access-Control-Request-Method", "POST")])
        #expect(preflight.status == 204)
        #expect(preflight.header("Access-Control-Allow-Origin") == "https://dash.example")
        #expect(preflight.header("Access-Control-Allow-Methods")?.contains("POST") == true)
        #expect(preflight.header("Access-Control-Allow-Headers")?.contains("Authorization") == true)
        // The refusal can be read, too.
        let refused = try service.send("GET", "/v1/jobs", headers: origin)
        _ = try refused.problem(401, "unauthorized")
        #expect(refused.header("Access-Control-Allow-Origin") == "https://dash.example")

        let other = [(name: "Origin", value: "https://other.example")]
        let stranger = try service.send(
            "OPTIONS", "/v1/jobs", headers: other + [("Access-Control-Request-Method", "POST")])
        #expect(stranger.status == 401)
        #expect(stranger.header("Access-Control-Allow-Origin") == nil)
    }

    /// Late answers pass the same gate, and are counted when they are given.
    @Test func aPageOfAnotherSiteMayWait() throws {
        var rules = AccessRules()
        rules.origins = OriginRule(allowing: ["https://dash.example"])
        let service = try TestService(.socket, access: rules)
        let job = try service.insertJob()
        let answer = try service.send(
            "GET", "/v1/jobs/\(job.id)/metrics?wait=0.1",
            headers: [("Origin", "https://dash.example")])
        #expect(answer.status == 200)
        for name in ["Access-Control-Allow-Origin", "X-Content-Type-Options", "ETag"] {
            #expect(answer.headers.filter { $0.name == name }.count == 1, "\(name)")
        }
        let counts = try service.send("GET", "/metrics").text
        let route = #"{route="GET /v1/jobs/{job}/metrics",code="200"}"#
        #expect(counts.contains("spin_http_requests_total\(route) 1\n"))
    }

    @Test(arguments: Transport.allCases)
    func pagesAreConfinedAndNothingIsGuessed(transport: Transport) throws {
        let service = try TestService(transport)
        let page = try service.send("GET", "/", headers: [("Accept", "text/html")])
        let policy = page.header("Content-Security-Policy")
        #expect(policy?.contains("default-src 'self'") == true)
        #expect(policy?.contains("frame-ancestors 'none'") == true)
        for path in ["/", "/v1/jobs", "/nowhere", "/openapi.yaml"] {
            let answer = try service.send("GET", path)
            #expect(answer.header("X-Content-Type-Options") == "nosniff", "\(path)")
            #expect(answer.header("Referrer-Policy") == "no-referrer", "\(path)")
            #expect(answer.headers.filter { $0.name == "X-Content-Type-Options" }.count == 1)
            #expect(answer.header("Set-Cookie") == nil)
        }
    }
}
