import Foundation
import MicroHTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct GracefulStopTests {
    private static let request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"

    @Test func newConnectionsAreRefused() throws {
        let server = try HTTPServer.test()
        let idle = try RawClient(port: server.port)
        #expect(try idle.get("/").status == 200)
        #expect(server.stop())
        #expect(throws: RawClient.Failure.self) { try RawClient(port: server.port) }
        #expect(try idle.rest().isEmpty)
        #expect(server.openConnections == 0)
        #expect(server.stop(), "a second stop does nothing")
    }

    @Test func openStreamsEndCleanly() throws {
        let streams = Shared<[EventStream]>([])
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                let stream = EventStream()
                streams.update { $0.append(stream) }
                return .events(stream)
            }))
        let clients = try (0..<30).map { _ in try RawClient(port: server.port) }
        for client in clients {
            try client.send(Self.request)
            _ = try client.head()
        }
        for stream in streams.value { stream.send(bytes: Array("last".utf8)) }
        #expect(server.stop())
        for client in clients {
            #expect(try client.chunk() == Array("last".utf8))
            #expect(try client.chunk() == nil)
        }
        #expect(streams.value.allSatisfy { !$0.isOpen })
    }

    @Test func waitingRequestsAreAnswered() throws {
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                .deferred(DeferredResponse(timeoutSeconds: 60) { .text("timeout") })
            }))
        let client = try RawClient(port: server.port)
        try client.send(Self.request)
        #expect(eventually { server.requestsInFlight == 1 })
        #expect(server.stop())
        let answer = try client.response()
        #expect(answer.status == 503)
        #expect(answer.header("Connection") == "close")
    }

    @Test func anAnswerUnderWayIsSentToItsEnd() throws {
        let entered = DispatchSemaphore(value: 0)
        let mayAnswer = DispatchSemaphore(value: 0)
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                entered.signal()
                mayAnswer.wait()
                return .text("complete")
            }))
        let client = try RawClient(port: server.port)
        try client.send(Self.request)
        // The server stops on one thread while the handler is still at work on another.
        let isDrained = Shared<Bool?>(nil)
        Thread.detachNewThread {
            entered.wait()
            Thread.detachNewThread { isDrained.value = server.stop() }
            while (try? RawClient(port: server.port)) != nil {}
            mayAnswer.signal()
        }
        #expect(try client.response().text == "complete")
        #expect(eventually { isDrained.value == true })
    }

    @Test func theDeadlineCutsOffAClientThatDoesNotRead() throws {
        let size = 50 << 20
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                .text(String(repeating: "x", count: size))
            })
        ) { $0.drainSeconds = 0.1 }
        let client = try RawClient(port: server.port)
        try client.send(Self.request)
        #expect(try client.head().status == 200)
        #expect(!server.stop())
        #expect(try client.rest().count < size)
    }

    @Test func stoppingUnderLoadIsSafe() throws {
        for _ in 0..<20 {
            let server = try HTTPServer.test(
                TestHandler(respond: { request in
                    switch request.path {
                    case "/stream": .events(EventStream(heartbeatSeconds: 0))
                    case "/later":
                        .deferred(DeferredResponse(timeoutSeconds: 0) { .text("timeout") })
                    default: .text("now")
                    }
                })
            ) { $0.drainSeconds = 5 }
            let clients = try (0..<30).map { _ in try RawClient(port: server.port) }
            for (index, client) in clients.enumerated() {
                let path = ["/stream", "/later", "/now"][index % 3]
                try client.send("GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n")
            }
            // No condition to wait for: the stop is to fall anywhere in the handling.
            #expect(server.stop())
            #expect(server.openConnections == 0)
        }
    }
}
