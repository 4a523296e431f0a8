import Foundation
import MicroHTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RequestBodyTests {
    /// Answers with what it was given.
    private static let echo = TestHandler(respond: { request in
        switch request.body {
        case .none: .text("none")
        case .data(let data): HTTPResponse(status: 200, body: .data(data))
        case .file(_, let count): .text("file of \(count)")
        }
    })

    private func post(
        _ client: RawClient, _ body: String, fields: String
    ) throws -> RawClient.Response {
        try client.send("POST / HTTP/1.1\r\nHost: test\r\n\(fields)\r\n\(body)")
        return try client.response()
    }

    @Test func anAbsentAndAnEmptyBodyAreNone() throws {
        let server = try HTTPServer.test(Self.echo)
        let client = try RawClient(port: server.port)
        #expect(try post(client, "", fields: "").text == "none")
        #expect(try post(client, "", fields: "Content-Length: 0\r\n").text == "none")
        let chunked = "Transfer-Encoding: chunked\r\n"
        #expect(try post(client, "0\r\n\r\n", fields: chunked).text == "none")
    }

    @Test func chunksAreJoined() throws {
        let server = try HTTPServer.test(Self.echo)
        let client = try RawClient(port: server.port)
        let chunks = "5\r\nhello\r\n1;ext=1\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: 1\r\n\r\n"
        let answer = try post(client, chunks, fields: "Transfer-Encoding: CHUNKED\r\n")
        #expect(answer.text == "hello world")
        #expect(try client.get("/").text == "none")
    }

    @Test func aBodyOfTheLargestSizeIsTaken() throws {
        let server = try HTTPServer.test(Self.echo)
        let body = String(repeating: "x", count: 1000)
        let client = try RawClient(port: server.port)
        #expect(try post(client, body, fields: "Content-Length: 1000\r\n").text == body)
    }

    @Test func aLongBodyIsRefusedBeforeItIsSent() throws {
        let server = try HTTPServer.test(Self.echo)
        let client = try RawClient(port: server.port)
        let answer = try post(client, "", fields: "Content-Length: 50000000\r\n")
        #expect(answer.status == 413)
        #expect(answer.header("Content-Type") == "text/x-refusal")
        #expect(try client.rest().isEmpty)
    }

    @Test func aSlightlyTooLongBodyIsReadSoThatTheClientSeesTheRefusal() throws {
        let server = try HTTPServer.test(Self.echo)
        let client = try RawClient(port: server.port)
        let body = String(repeating: "x", count: 500_000)
        #expect(try post(client, body, fields: "Content-Length: 500000\r\n").status == 413)
    }

    @Test func aTooLongChunkedBodyIsSwallowedAndRefused() throws {
        let server = try HTTPServer.test(Self.echo)
        let client = try RawClient(port: server.port)
        let chunk = "400\r\n" + String(repeating: "x", count: 0x400) + "\r\n"
        let body = String(repeating: chunk, count: 20) + "0\r\n\r\n"
        #expect(try post(client, body, fields: "Transfer-Encoding: chunked\r\n").status == 413)
        #expect(try client.rest().isEmpty)
    }

    @Test func anEndlessChunkedBodyIsCutOff() throws {
        let server = try HTTPServer.test(Self.echo) { $0.maximumDiscardedBytes = 10_000 }
        let client = try RawClient(port: server.port)
        try client.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "10000\r\n" + String(repeating: "x", count: 0x10000) + "\r\n"
        #expect(throws: RawClient.Failure.self) {
            while true { try client.send(chunk) }
        }
        #expect(eventually { server.openConnections == 0 })
    }

    @Test func theHandlerRefusesABodyUnread() throws {
        let server = try HTTPServer.test(
            TestHandler(admit: { _ in .refuse(.text("no key", status: 401)) }))
        let client = try RawClient(port: server.port)
        let answer = try post(client, "", fields: "Content-Length: 100\r\n")
        #expect(answer.status == 401)
        #expect(try client.rest().isEmpty)
    }

    @Test func expectContinueIsAnswered() throws {
        let server = try HTTPServer.test(Self.echo)
        let client = try RawClient(port: server.port)
        let interim = try post(
            client, "", fields: "Content-Length: 5\r\nExpect: 100-continue\r\n")
        #expect(interim.status == 100)
        try client.send("hello")
        #expect(try client.response().text == "hello")
    }

    @Test func expectContinueOfATooLongBodyIsRefusedAtOnce() throws {
        let server = try HTTPServer.test(Self.echo)
        let client = try RawClient(port: server.port)
        let answer = try post(
            client, "", fields: "Content-Length: 2000\r\nExpect: 100-continue\r\n")
        #expect(answer.status == 413)
    }

    @Test func fiftyMegabytesAreSpooledToAFile() throws {
        let folder = try TemporaryFolder()
        let size = 50 << 20
        let sum = Shared(0)
        let server = try HTTPServer.test(
            TestHandler(
                respond: { request in
                    guard case .file(let url, let count) = request.body,
                        let data = try? Data(contentsOf: url, options: .alwaysMapped)
                    else { return .text("not a file", status: 500) }
                    sum.value = data.reduce(into: 0) { $0 &+= Int($1) }
                    return .text("\(count)")
                },
                admit: { _ in .file(maximumBytes: size) })
        ) { $0.spoolFolder = folder.url }
        let client = try RawClient(port: server.port)
        try client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: \(size)\r\n\r\n")
        // 256 different bytes sum up to 255 · 128.
        let block = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0) }
        for _ in 0..<50 { try client.send(block) }
        #expect(try client.response().text == "\(size)")
        #expect(sum.value == size / 256 * 255 * 128)
        #expect(eventually { folder.fileNames.isEmpty })
    }

    @Test func aSpooledFileIsKeptByRenaming() throws {
        let folder = try TemporaryFolder()
        let kept = folder.url.appendingPathComponent("kept")
        let server = try HTTPServer.test(
            TestHandler(
                respond: { request in
                    guard case .file(let url, _) = request.body else { return .text("no file") }
                    try? FileManager.default.moveItem(at: url, to: kept)
                    return .text("kept")
                },
                admit: { _ in .file(maximumBytes: 100) })
        ) { $0.spoolFolder = folder.url }
        let client = try RawClient(port: server.port)
        #expect(try post(client, "hello", fields: "Content-Length: 5\r\n").text == "kept")
        #expect(eventually { server.requestsInFlight == 0 })
        #expect(try String(contentsOf: kept, encoding: .utf8) == "hello")
    }

    @Test func aSpooledFileIsThereUntilADeferredAnswer() throws {
        let folder = try TemporaryFolder()
        let waiting = Shared<DeferredResponse?>(nil)
        let server = try HTTPServer.test(
            TestHandler(
                respond: { _ in
                    let deferred = DeferredResponse(timeoutSeconds: 60) { .text("timeout") }
                    waiting.value = deferred
                    return .deferred(deferred)
                },
                admit: { _ in .file(maximumBytes: 100) })
        ) { $0.spoolFolder = folder.url }
        let client = try RawClient(port: server.port)
        try client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello")
        #expect(eventually { waiting.value != nil })
        #expect(folder.fileNames.count == 1)
        waiting.value?.complete(.text("read"))
        #expect(try client.response().text == "read")
        #expect(eventually { folder.fileNames.isEmpty })
    }

    @Test func aFullOrMissingSpoolFolderGives507() throws {
        let server = try HTTPServer.test(
            TestHandler(admit: { _ in .file(maximumBytes: 100) })
        ) { $0.spoolFolder = URL(fileURLWithPath: "/nonexistent") }
        let client = try RawClient(port: server.port)
        #expect(try post(client, "hello", fields: "Content-Length: 5\r\n").status == 507)
    }

    @Test func aClientThatLeavesInMidBodyLeavesNothingBehind() throws {
        let folder = try TemporaryFolder()
        let server = try HTTPServer.test(
            TestHandler(admit: { _ in .file(maximumBytes: 100_000) })
        ) { $0.spoolFolder = folder.url }
        do {
            let client = try RawClient(port: server.port)
            try client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 90000\r\n\r\nhello")
            #expect(eventually { folder.fileNames.count == 1 })
        }
        #expect(eventually { folder.fileNames.isEmpty && server.openConnections == 0 })
        #expect(server.requestsInFlight == 0)
    }
}
