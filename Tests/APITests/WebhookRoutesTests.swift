import SpinDomain
import Testing

struct WebhookRoutesTests {
    private static let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    @Test(arguments: Transport.allCases)
    func aWebhookShowsItsSecretOnceAndCanBeRemoved(transport: Transport) throws {
        let service = try TestService(transport, webhooksAreOn: true)
        let answer = try service.send(
            "POST", "/v1/webhooks",
            json: #"{"url":"https://example.org/hook","events":["alert.*","job.failed"]}"#)
        #expect(answer.status == 201)
        let added = try answer.json
        let id = try #require(added["id"]?.string)
        let path = "/v1/webhooks/\(id)"
        #expect(answer.header("Location") == path)
        #expect(added["secret"]?.string?.hasPrefix("whsec_") == true)
        #expect(added["events"] == ["alert.*", "job.failed"])
        #expect(added["is_active"] == true)
        let shown = try service.send("GET", path).json
        #expect(shown["secret"] == nil)
        #expect(shown["url"] == added["url"])
        #expect(try service.send("GET", "/v1/webhooks").json["data"] == [shown])
        #expect(try service.send("DELETE", path).status == 204)
        _ = try service.send("GET", path).problem(404, "not_found")
        _ = try service.send("DELETE", path).problem(404, "not_found")
    }

    @Test func aSecretOfOnesOwnIsKept() throws {
        let service = try TestService(webhooksAreOn: true)
        let body = #"{"url":"http://example.org:81/","secret":"\#(Self.secret)"}"#
        let added = try service.send("POST", "/v1/webhooks", json: body).json
        #expect(added["secret"] == .string(Self.secret))
        #expect(added["events"] == ["*"])
    }

    @Test(arguments: [
        ("{}", "/url"), (#"{"url":"ftp://a/"}"#, "/url"), (#"{"url":"https:///x"}"#, "/url"),
        (#"{"url":"https://u:p@a/"}"#, "/url"), (#"{"url":"https://a/\r\nX: y"}"#, "/url"),
        (#"{"url":3}"#, "/url"), (#"{"url":"https://a/","events":[]}"#, "/events"),
        (#"{"url":"https://a/","events":["a.*.b"]}"#, "/events"),
        (#"{"url":"https://a/","events":["Job"]}"#, "/events"),
        (#"{"url":"https://a/","events":"*"}"#, "/events"),
        (#"{"url":"https://a/","secret":"short"}"#, "/secret"),
        (#"{"url":"https://a/","event":["*"]}"#, "/event"), ("[]", ""),
    ])
    func aBadWebhookIsRefused(body: String, pointer: String) throws {
        let service = try TestService(webhooksAreOn: true)
        let problem = try service.send("POST", "/v1/webhooks", json: body).problem(422, "invalid")
        #expect(problem.pointers == [pointer])
        #expect(try service.store.webhooks() == [])
    }

    @Test func webhooksAreOffUnlessTheOperatorAllowsThem() throws {
        let service = try TestService()
        let problem = try service.send(
            "POST", "/v1/webhooks", json: #"{"url":"https://example.org/"}"#
        ).problem(403, "forbidden")
        #expect(problem["hint"]?.string?.contains("--allow-webhooks") == true)
        #expect(try service.send("GET", "/v1/webhooks").json["data"] == [])
    }
}
