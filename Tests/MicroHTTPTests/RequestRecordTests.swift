import MicroHTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RequestRecordTests {
    @Test func everyRequestIsReportedOnceWithoutItsQuery() throws {
        let records = Shared<[RequestRecord]>([])
        var handler = TestHandler()
        handler.ended = { record in records.update { $0.append(record) } }
        let server = try HTTPServer.test(handler)
        let client = try RawClient(port: server.port)
        _ = try client.get("/a?key=secret", headers: "X-Request-Id: id-1\r\n")
        _ = try client.get("/%zz")
        #expect(eventually { records.value.count == 2 })
        let first = records.value[0]
        #expect(first.requestID == "id-1" && first.method == "GET" && first.path == "/a")
        #expect(first.status == 200 && first.isComplete && first.seconds >= 0)
        #expect(first.remoteAddress == "127.0.0.1")
        #expect(records.value[1].status == 400)
    }

    @Test func aClientThatLeavesIsReportedAsSuch() throws {
        let records = Shared<[RequestRecord]>([])
        var handler = TestHandler()
        handler.respond = { _ in .events(EventStream(heartbeatSeconds: 0)) }
        handler.ended = { record in records.update { $0.append(record) } }
        let server = try HTTPServer.test(handler)
        var client: RawClient? = try RawClient(port: server.port)
        try client?.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(try client?.head().status == 200)
        client = nil
        #expect(eventually { records.value.count == 1 })
        #expect(records.value.first?.isComplete == false)
    }
}
