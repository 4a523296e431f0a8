import Dispatch
import MicroHTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct EventStreamTests {
    private static let request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"

    private func serve(_ stream: EventStream) throws -> HTTPServer {
        try HTTPServer.test(TestHandler(respond: { _ in .events(stream) }))
    }

    private func text(_ chunk: [UInt8]?) -> String? {
        chunk.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func eventsArriveAsTheyAreSent() throws {
        let stream = EventStream()
        let server = try serve(stream)
        let client = try RawClient(port: server.port)
        try client.send(Self.request)
        let head = try client.head()
        #expect(head.status == 200)
        #expect(head.header("Content-Type") == "text/event-stream")
        #expect(head.header("Cache-Control") == "no-store")
        for index in 0..<100 {
            #expect(stream.send(ServerSentEvent(data: "\(index)")))
            #expect(text(try client.chunk()) == "data: \(index)\n\n")
        }
        stream.finish()
        #expect(try client.chunk() == nil)
        #expect(try client.get("/other").status == 500, "a stream serves one answer only")
    }

    @Test func whatWasSentBeforeTheAnswerStartsIsDelivered() throws {
        let stream = EventStream()
        stream.send(bytes: Array("early".utf8))
        stream.finish()
        #expect(!stream.send(bytes: [1]))
        let server = try serve(stream)
        #expect(try RawClient(port: server.port).get("/").text == "early")
        #expect(eventually { !stream.isOpen })
    }

    @Test func aSilentStreamSendsHeartbeats() throws {
        let server = try serve(EventStream(heartbeatSeconds: 0.05))
        let client = try RawClient(port: server.port)
        try client.send(Self.request)
        _ = try client.head()
        #expect(text(try client.chunk()) == ":\n\n")
        #expect(text(try client.chunk()) == ":\n\n")
    }

    @Test func aClientThatLeavesIsNoticedByTheHeartbeat() throws {
        let stream = EventStream(heartbeatSeconds: 0.05)
        let closings = Shared(0)
        stream.onClose { closings.update { $0 += 1 } }
        let server = try serve(stream)
        do {
            let client = try RawClient(port: server.port)
            try client.send(Self.request)
            _ = try client.head()
            #expect(closings.value == 0)
        }
        #expect(eventually { closings.value == 1 })
        #expect(!stream.send(ServerSentEvent(data: "too late")))
        #expect(eventually { server.openConnections == 0 })
        let calledAtOnce = Shared(false)
        stream.onClose { calledAtOnce.value = true }
        #expect(calledAtOnce.value)
    }

    @Test func aClientThatDoesNotReadIsCutOff() throws {
        let stream = EventStream(maximumPendingBytes: 100_000, heartbeatSeconds: nil)
        let server = try HTTPServer.test(TestHandler(respond: { _ in .events(stream) })) {
            $0.idleSeconds = 1
        }
        let client = try RawClient(port: server.port)
        try client.send(Self.request)
        _ = try client.head()
        // More than the kernel's buffers and the stream's own hold together.
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 10_000)
        #expect(eventually { !stream.send(bytes: block) })
        #expect(!stream.isOpen)
        #expect(eventually { server.openConnections == 0 })
    }

    @Test func headOfAStreamEndsIt() throws {
        let stream = EventStream()
        let server = try serve(stream)
        let client = try RawClient(port: server.port)
        try client.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(try client.response(toHead: true).status == 200)
        #expect(eventually { !stream.isOpen })
    }

    @Test func manyStreamsAreFedFromManyThreads() throws {
        let streams = Shared<[EventStream]>([])
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                let stream = EventStream()
                streams.update { $0.append(stream) }
                return .events(stream)
            }))
        let clients = try (0..<100).map { _ in try RawClient(port: server.port) }
        for client in clients { try client.send(Self.request) }
        #expect(eventually { streams.value.count == clients.count })
        let expected = (0..<200).map { "data: \($0)\n\n" }.joined()
        let open = streams.value
        DispatchQueue.concurrentPerform(iterations: open.count) {
            for index in 0..<200 { open[$0].send(ServerSentEvent(data: "\(index)")) }
            open[$0].finish()
        }
        for client in clients { #expect(try client.response().text == expected) }
    }

    @Test func aClientThatLeavesEndsAStreamThatWasAskedToNotice() throws {
        let stream = EventStream(heartbeatSeconds: nil, endsWithClient: true)
        let server = try HTTPServer.test(TestHandler(respond: { _ in .events(stream) }))
        do {
            let client = try RawClient(port: server.port)
            try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            _ = try client.head()
            #expect(stream.isOpen)
        }
        #expect(eventually { !stream.isOpen && server.openConnections == 0 })
    }
}
