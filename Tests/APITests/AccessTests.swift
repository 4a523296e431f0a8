import API
import MicroHTTP
import SpinDomain
import Testing

/// Who may come in, before anything is looked up.
struct AccessTests {
    private static func path(of route: Route) -> String {
        route.pattern.split(separator: "/", omittingEmptySubsequences: false).map {
            $0.hasPrefix("{") ? "nothing" : String($0)
        }.joined(separator: "/")
    }

    /// Routes that are not for everybody who may read, or submit; a new one belongs here.
    private static let special: [String: AccessScope?] = [
        "POST /v1/keys": .admin, "GET /v1/keys": .admin, "GET /v1/keys/{key}": .admin,
        "DELETE /v1/keys/{key}": .admin, "POST /v1/backup": .admin,
        "POST /v1/webhooks": .admin, "GET /v1/webhooks": .admin,
        "GET /v1/webhooks/{webhook}": .admin,
        "DELETE /v1/webhooks/{webhook}": .admin, "GET /": .none,
        "GET /healthz": .none,
        "GET /readyz": .none, "GET /openapi.yaml": .none, "GET /openapi.json": .none,
        "GET /assets/{version}/{file}": .none,
    ]

    @Test(arguments: Transport.allCases)
    func everyRouteTakesItsScopeAndNoLess(transport: Transport) throws {
        let service = try TestService(transport, webhooksAreOn: true)
        let texts = try service.issueKeys()
        for route in Route.all {
            let path = Self.path(of: route)
            for scope in AccessScope.allCases {
                let answer = try service.send(
                    route.method, path, key: try #require(texts[scope]))
                let isAllowed = route.scope.map { scope >= $0 } ?? true
                #expect(
                    (answer.status == 403) == !isAllowed && answer.status != 401,
                    "\(route.method) \(path) as \(scope): \(answer.status)")
                if !isAllowed, let needed = route.scope {
                    let detail = try answer.problem(403, "forbidden")["detail"]?.string
                    #expect(detail?.contains(needed.rawValue) == true)
                    #expect(
                        answer.header("WWW-Authenticate")?.contains("insufficient_scope") == true)
                }
            }
            let answer = try service.send(route.method, path)
            #expect((answer.status == 401) == (route.scope != nil), "\(route.method) \(path)")
        }
    }

    @Test func readingTakesReadAndChangingTakesSubmitUnlessSaidHere() {
        for route in Route.all {
            let usual: AccessScope? = route.method == "GET" ? .read : .submit
            let name = "\(route.method) \(route.pattern)"
            let expected = Self.special[name] ?? usual
            #expect(route.scope == expected, "\(name)")
        }
    }

    @Test(arguments: Transport.allCases)
    func aKeyIsAskedForBeforeAPathIsLookedUp(transport: Transport) throws {
        let service = try TestService(transport)
        let texts = try service.issueKeys()
        for (method, path) in [
            ("GET", "/nowhere"), ("PUT", "/v1/jobs"), ("GET", "/v1/jobs/"), ("OPTIONS", "/v1/jobs"),
            ("GET", "/v1/jobs?bad=query"),
        ] {
            let answer = try service.send(method, path)
            _ = try answer.problem(401, "unauthorized")
            #expect(answer.header("WWW-Authenticate") == #"Bearer realm="spind""#)
        }
        let key = try #require(texts[.read])
        #expect(try service.send("GET", "/nowhere", key: key).status == 404)
        #expect(try service.send("PUT", "/v1/jobs", key: key).status == 405)
    }

    @Test(arguments: [
        "", "Bearer", "Basic YTpi", "Bearer a b", "Bearer spind_", "Bearer spind_x_y",
        "Bearer spind_000000000000_" + String(repeating: "0", count: 64),
        "Bearer spind_000000000000_" + String(repeating: "é", count: 32),
    ])
    func whatIsNoKeyIsRefused(field: String) throws {
        let service = try TestService()
        _ = try service.issueKeys()
        let answer = try service.send("GET", "/v1/jobs", headers: [("Authorization", field)])
        _ = try answer.problem(401, "unauthorized")
    }

    @Test func everyPartOfAKeyCounts() throws {
        let service = try TestService()
        let key = try #require(try service.issueKeys()[.read])
        #expect(try service.send("GET", "/v1/jobs", key: key).status == 200)
        #expect(
            try service.send("GET", "/v1/jobs", headers: [("authorization", "bearer " + key)])
                .status == 200)
        let twice = [("Authorization", "Bearer " + key), ("Authorization", "Bearer " + key)]
        #expect(
            try service.send("GET", "/v1/jobs", headers: twice.map { (name: $0.0, value: $0.1) })
                .status == 401)
        // A wrong digit at the secret's end, at its beginning, and in the id.
        for index in [key.count - 1, 19, 8] {
            var characters = Array(key)
            characters[index] = characters[index] == "0" ? "1" : "0"
            #expect(try service.send("GET", "/v1/jobs", key: String(characters)).status == 401)
        }
    }

    @Test func noAnswerRepeatsAKey() throws {
        let service = try TestService(.socket)
        let keys = try service.issueKeys()
        let wrong = "spind_000000000000_" + String(repeating: "ab", count: 32)
        for key in [try #require(keys[.read]), wrong] {
            for (method, path) in [
                ("GET", "/v1/jobs"), ("GET", "/nowhere"), ("GET", "/v1/keys"), ("PUT", "/v1"),
                ("POST", "/v1/jobs"),
            ] {
                let answer = try service.send(method, path, key: key)
                let everything = answer.text + answer.headers.map(\.value).joined()
                #expect(!everything.contains(key.suffix(64)))
            }
        }
    }

    @Test func aServerForOthersNeedsAKeyEvenIfThereIsNone() throws {
        var rules = AccessRules()
        rules.isOpenWithoutKeys = false
        let service = try TestService(access: rules)
        _ = try service.send("GET", "/v1/jobs").problem(401, "unauthorized")
        #expect(try service.send("GET", "/healthz").status == 200)
    }

    @Test func aBodyIsNotReadForWhoeverHasNoKey() throws {
        let service = try TestService()
        _ = try service.issueKeys()
        let head = try HTTPRequest(
            method: "POST", target: "/v1/datasets?name=a",
            headers: [
                ("Content-Length", "1000000000"), ("Content-Type", "application/jsonl"),
            ])
        guard case .refuse(let response) = service.handler.admit(head) else {
            Issue.record("the body is taken")
            return
        }
        #expect(response.status == 401)
    }
}
