import Foundation
import MicroHTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HTTPServerTests {
    @Test func requestArrivesWhole() throws {
        let seen = Shared<HTTPRequest?>(nil)
        let server = try HTTPServer.test(
            TestHandler(respond: { request in
                seen.value = request
                return .text("ok")
            }))
        let client = try RawClient(port: server.port)
        let body = "{\"n\": 1}"
        try client.send(
            "POST /v1/jobs/a%20b?limit=5 HTTP/1.1\r\nHost: test\r\nX-Request-Id: my.id-1\r\n"
                + "content-type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                + body)
        let response = try client.response()
        #expect(response.status == 200)
        #expect(response.text == "ok")
        #expect(response.header("X-Request-Id") == "my.id-1")
        #expect(response.header("Content-Length") == "2")
        #expect(response.header("Date") != nil)
        let request = try #require(seen.value)
        #expect(request.method == "POST")
        #expect(request.target == "/v1/jobs/a%20b?limit=5")
        #expect(request.segments == ["v1", "jobs", "a b"])
        #expect(request.queryValue("limit") == "5")
        #expect(request.header("Content-Type") == "application/json")
        #expect(request.remoteAddress == "127.0.0.1")
        #expect(request.requestID == "my.id-1")
        guard case .data(let data) = request.body else {
            Issue.record("the body is \(request.body)")
            return
        }
        #expect(String(decoding: data, as: UTF8.self) == body)
    }

    @Test(arguments: ["", "two words", "a\"b", String(repeating: "x", count: 65), "ä"])
    func aDoubtfulRequestIDIsReplaced(id: String) throws {
        let server = try HTTPServer.test()
        let client = try RawClient(port: server.port)
        let first = try client.get("/", headers: "X-Request-Id: \(id)\r\n")
        let second = try client.get("/", headers: "X-Request-Id: \(id)\r\n")
        let made = try #require(first.header("X-Request-Id"))
        #expect(made.hasPrefix("req_") && made.utf8.count == 20)
        #expect(second.header("X-Request-Id") != made)
    }

    @Test func headHasTheHeadersOfGetAndNoBody() throws {
        let server = try HTTPServer.test()
        let client = try RawClient(port: server.port)
        let get = try client.get("/page")
        try client.send("HEAD /page HTTP/1.1\r\nHost: test\r\n\r\n")
        let head = try client.response(toHead: true)
        #expect(head.status == 200)
        #expect(head.header("Content-Length") == "\(get.body.count)")
        #expect(head.header("Content-Type") == get.header("Content-Type"))
        // Were there a body, it would be taken for the next status line.
        #expect(try client.get("/page").text == get.text)
    }

    @Test(arguments: [204, 304])
    func statusesWithoutABodyHaveNone(status: Int) throws {
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in HTTPResponse(status: status, headers: [("ETag", "\"1\"")]) }
            ))
        let client = try RawClient(port: server.port)
        #expect(try client.get("/").status == status)
        #expect(try client.get("/").header("ETag") == "\"1\"")
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let server = try HTTPServer.test()
        let client = try RawClient(port: server.port)
        let requests = (0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: test\r\n\r\n" }
        try client.send(requests.joined())
        for index in 0..<50 {
            #expect(try client.response().text == "hello from /\(index)")
        }
    }

    @Test func aHeadThatDripsInByteByByteIsUnderstood() throws {
        let server = try HTTPServer.test()
        let client = try RawClient(port: server.port)
        for byte in "GET /slow HTTP/1.1\r\nHost: test\r\n\r\n".utf8 { try client.send([byte]) }
        #expect(try client.response().text == "hello from /slow")
    }

    @Test func http10EndsWithItsAnswer() throws {
        let server = try HTTPServer.test()
        let client = try RawClient(port: server.port)
        try client.send("GET /old HTTP/1.0\r\n\r\n")
        #expect(try client.response().text == "hello from /old")
        #expect(try client.rest().isEmpty)
    }

    @Test func aHeaderThatWouldSplitTheAnswerGives500() throws {
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                HTTPResponse(status: 200, headers: [("X-Name", "a\r\nSet-Cookie: b")])
            }))
        let response = try RawClient(port: server.port).get("/")
        #expect(response.status == 500)
        #expect(response.header("Set-Cookie") == nil)
        #expect(response.header("Content-Type") == "text/x-refusal")
    }

    @Test(arguments: [0, 99, 101, 1000, -1])
    func anImpossibleStatusGives500(status: Int) throws {
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in HTTPResponse(status: status) }))
        #expect(try RawClient(port: server.port).get("/").status == 500)
    }

    @Test func aPortInUseIsReported() throws {
        let server = try HTTPServer.test()
        let error = #expect(throws: HTTPServerError.self) {
            try HTTPServer.test { $0.port = server.port }
        }
        #expect(error?.description.contains("Address already in use") == true)
    }

    @Test(arguments: ["no.such.host", "", "256.0.0.1"])
    func aHostThatIsNoAddressIsRefused(host: String) {
        #expect(throws: HTTPServerError.self) { try HTTPServer.test { $0.host = host } }
    }

    @Test func ipv6Serves() throws {
        let server = try HTTPServer.test { $0.host = "::1" }
        #expect(server.port > 0)
    }
}
