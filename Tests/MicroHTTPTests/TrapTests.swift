import Foundation
import Glibc
import MicroHTTP
import Testing

/// What docs/http-traps.md names and no other suite tests.
@Suite(.timeLimit(.minutes(1)))
struct TrapTests {
    private static let hidden = "GET /hidden HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"

    /// The paths that reach the handler when these bytes are sent, with another request behind
    /// them.
    private func paths(of bytes: String) throws -> [String] {
        let paths = Shared<[String]>([])
        let server = try HTTPServer.test(
            TestHandler(respond: { request in
                paths.update { $0.append(request.path) }
                return .text("seen")
            })
        ) {
            $0.headSeconds = 0.5
            $0.bodyGraceSeconds = 0.5
        }
        let client = try RawClient(port: server.port)
        try client.send(bytes + Self.hidden)
        client.closeSendingSide()
        _ = try client.rest()
        server.stop()
        return paths.value
    }

    @Test(arguments: [
        "Content-Length: 5\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\nContent-Length: 5\r\n",
        "Content-Length: 5\nContent-Length: 6\r\n", "X-A: b\nHost: other\r\n",
    ])
    func aBareLineFeedHidesNoField(fields: String) throws {
        let request = "POST /first HTTP/1.1\r\nHost: test\r\n\(fields)\r\n0\r\n\r\n"
        #expect(try paths(of: request) == [])
    }

    @Test(arguments: [
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: x\r\n chunked\r\n", "Content-Length: 5\r\n 6\r\n",
        "Content-Length:\r\n\t5, 6\r\n", "X-A: b\r\n c\r\nHost: other\r\n",
    ])
    func aFoldedFieldHidesNothing(fields: String) throws {
        let request = "POST /first HTTP/1.1\r\nHost: test\r\n\(fields)\r\n0\r\n\r\n"
        #expect(try paths(of: request) == [])
    }

    @Test func aFoldedFieldArrivesWithoutItsLineBreak() throws {
        let server = try HTTPServer.test(
            TestHandler(respond: { request in
                .text(request.headers.map { "\($0.name)=\($0.value)" }.joined(separator: "|"))
            }))
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\r\nHost: test\r\nX-A: b\r\n c\r\n\r\n")
        let answer = try client.response()
        #expect(answer.status == 400 || !answer.text.contains(where: \.isNewline))
    }

    @Test func aSilentStreamTakesNoTime() throws {
        let silenceSeconds = 0.5
        let thread = Shared<clockid_t?>(nil)
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                var clock = clockid_t()
                if pthread_getcpuclockid(pthread_self(), &clock) == 0 { thread.value = clock }
                return .events(EventStream(heartbeatSeconds: silenceSeconds))
            }))
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        _ = try client.head()
        let clock = try #require(thread.value)
        let before = Self.seconds(of: clock)
        // The heartbeat comes after the silence.
        _ = try client.chunk()
        // A reader that is asked again and again would take all of it.
        #expect(Self.seconds(of: clock) - before < silenceSeconds / 2)
    }

    private static func seconds(of clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    @Test func anAnswerThatIsStillWorkedOnHoldsNobodyUp() throws {
        let later = DeferredResponse(timeoutSeconds: 60) { .text("timeout") }
        let server = try HTTPServer.test(
            TestHandler(respond: { $0.path == "/slow" ? .deferred(later) : .text("quick") })
        ) { $0.threads = 1 }
        let slow = try RawClient(port: server.port)
        try slow.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(eventually { server.requestsInFlight == 1 })
        for _ in 0..<3 { #expect(try RawClient(port: server.port).get("/").text == "quick") }
        later.complete(.text("done"))
        #expect(try slow.response().text == "done")
    }

    @Test func multipartBytesArriveAsTheyAreSent() throws {
        let server = try HTTPServer.test(
            TestHandler(respond: { request in
                guard case .data(let data) = request.body else { return .text("none") }
                return HTTPResponse(status: 200, body: .data(data))
            }))
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n"
        let client = try RawClient(port: server.port)
        try client.send(
            "POST / HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(try client.response().text == body)
    }
}
