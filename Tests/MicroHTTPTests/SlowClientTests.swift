import MicroHTTP
import Testing

/// Drips a byte at a time until the server has had enough.
@Suite(.timeLimit(.minutes(1)))
struct SlowClientTests {
    /// Sends single bytes for as long as they are taken.
    private func drip(_ byte: String, to client: RawClient) throws {
        let end = ContinuousClock.now + .seconds(RawClient.patienceSeconds)
        while ContinuousClock.now < end {
            do { try client.send(byte) } catch RawClient.Failure.closed { return }
        }
        throw RawClient.Failure.tooLate
    }

    @Test func aHeadThatNeverEndsIsCutOff() throws {
        let server = try HTTPServer.test {
            $0.headSeconds = 0.2
            // Otherwise the flood of bytes would hit this limit first.
            $0.maximumHeaderBytes = .max
        }
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\r\nHost: test\r\nX-Drip: ")
        #expect(eventually { server.openConnections == 0 })
        #expect(try client.rest().isEmpty)
    }

    @Test func aSecondHeadThatNeverEndsIsCutOff() throws {
        let server = try HTTPServer.test {
            $0.headSeconds = 0.2
            $0.idleSeconds = 1
        }
        let client = try RawClient(port: server.port)
        #expect(try client.get("/").status == 200)
        try client.send("GET / HTTP/1.1\r\n")
        #expect(try client.rest().isEmpty)
    }

    @Test func aBodySlowerThanTheMinimumRateIsCutOff() throws {
        let server = try HTTPServer.test(
            TestHandler(admit: { _ in .memory(maximumBytes: 1 << 30) })
        ) {
            $0.bodyGraceSeconds = 0.2
            // More than a client can send byte by byte.
            $0.minimumBodyRate = 1 << 40
        }
        let client = try RawClient(port: server.port)
        try client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000000\r\n\r\n")
        try drip("x", to: client)
        #expect(eventually { server.openConnections == 0 })
        #expect(server.requestsInFlight == 0)
    }

    @Test func anIdleConnectionIsClosed() throws {
        let server = try HTTPServer.test { $0.idleSeconds = 1 }
        let client = try RawClient(port: server.port)
        #expect(try client.get("/").status == 200)
        #expect(try client.rest().isEmpty)
    }

    @Test func aSlowAnswerHasNoDeadline() throws {
        let deferred = DeferredResponse(timeoutSeconds: 60) { .text("timeout") }
        let server = try HTTPServer.test(TestHandler(respond: { _ in .deferred(deferred) })) {
            $0.headSeconds = 1
            $0.bodyGraceSeconds = 0.1
            $0.idleSeconds = 1
        }
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        // Two other connections live through an idle time each, so this one lives through more.
        for _ in 0..<2 { #expect(try RawClient(port: server.port).rest().isEmpty) }
        deferred.complete(.text("at last"))
        #expect(try client.response().text == "at last")
    }
}
