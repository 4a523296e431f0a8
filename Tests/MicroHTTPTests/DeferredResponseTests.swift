import Dispatch
import MicroHTTP
import Testing

@Suite(.timeLimit(.minutes(1)))
struct DeferredResponseTests {
    private static let request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"

    @Test func anAnswerFromAnotherThreadArrives() throws {
        let waiting = Shared<[DeferredResponse]>([])
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                let deferred = DeferredResponse(timeoutSeconds: 60) { .text("timeout") }
                waiting.update { $0.append(deferred) }
                return .deferred(deferred)
            }))
        let clients = try (0..<50).map { _ in try RawClient(port: server.port) }
        for round in 0..<5 {
            waiting.value = []
            for client in clients { try client.send(Self.request) }
            #expect(eventually { waiting.value.count == clients.count })
            let deferred = waiting.value
            DispatchQueue.concurrentPerform(iterations: deferred.count) {
                deferred[$0].complete(.text("round \(round)"))
            }
            for client in clients { #expect(try client.response().text == "round \(round)") }
        }
    }

    @Test func anAnswerGivenBeforehandIsSent() throws {
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                let deferred = DeferredResponse(timeoutSeconds: 60) { .text("timeout") }
                deferred.complete(.text("first"))
                #expect(!deferred.complete(.text("second")))
                return .deferred(deferred)
            }))
        #expect(try RawClient(port: server.port).get("/").text == "first")
    }

    @Test(arguments: [true, false])
    func theAnswerPassesWhatFinishesIt(isThereAlready: Bool) throws {
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                let deferred = DeferredResponse(timeoutSeconds: 0.05) { .text("late") }
                if isThereAlready { deferred.complete(.text("early")) }
                deferred.finished { response in
                    var response = response
                    response.status = 203
                    return response
                }
                return .deferred(deferred)
            }))
        let answer = try RawClient(port: server.port).get("/")
        #expect(answer.status == 203)
        #expect(answer.text == (isThereAlready ? "early" : "late"))
    }

    @Test func theTimeoutAnswers() throws {
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                .deferred(DeferredResponse(timeoutSeconds: 0.05) { .text("timeout", status: 504) })
            }))
        #expect(try RawClient(port: server.port).get("/").status == 504)
    }

    @Test func anAnswerToAClientThatHasLeftIsDropped() throws {
        let deferred = DeferredResponse(timeoutSeconds: 60) { .text("timeout") }
        let server = try HTTPServer.test(TestHandler(respond: { _ in .deferred(deferred) }))
        do {
            let client = try RawClient(port: server.port)
            try client.send(Self.request)
            #expect(eventually { server.requestsInFlight == 1 })
        }
        deferred.complete(.text("nobody hears"))
        #expect(eventually { server.openConnections == 0 })
        #expect(server.requestsInFlight == 0)
    }

    @Test func aClientThatLeavesWhileItWaitsIsNoticed() throws {
        let left = Shared(0)
        let deferred = DeferredResponse(timeoutSeconds: 60) { .text("timeout") }
        deferred.onAbandon { left.update { $0 += 1 } }
        let server = try HTTPServer.test(TestHandler(respond: { _ in .deferred(deferred) }))
        do {
            let client = try RawClient(port: server.port)
            try client.send(Self.request)
            #expect(eventually { server.requestsInFlight == 1 })
            #expect(left.value == 0)
        }
        #expect(eventually { left.value == 1 })
        deferred.complete(.text("nobody hears"))
        #expect(eventually { server.openConnections == 0 })
        #expect(left.value == 1)
    }

    @Test func aClientThatGetsItsAnswerHasNotLeft() throws {
        let left = Shared(0)
        let deferred = DeferredResponse(timeoutSeconds: 60) { .text("timeout") }
        deferred.onAbandon { left.update { $0 += 1 } }
        let server = try HTTPServer.test(TestHandler(respond: { _ in .deferred(deferred) }))
        do {
            let client = try RawClient(port: server.port)
            try client.send(Self.request)
            #expect(eventually { server.requestsInFlight == 1 })
            deferred.complete(.text("here"))
            #expect(try client.response().text == "here")
        }
        #expect(eventually { server.openConnections == 0 })
        #expect(left.value == 0)
    }

    @Test func aStreamMayFollow() throws {
        let deferred = DeferredResponse(timeoutSeconds: 60) { .text("timeout") }
        let server = try HTTPServer.test(TestHandler(respond: { _ in .deferred(deferred) }))
        let client = try RawClient(port: server.port)
        try client.send(Self.request)
        #expect(eventually { server.requestsInFlight == 1 })
        let stream = EventStream()
        deferred.complete(.events(stream))
        stream.send(ServerSentEvent(data: "one"))
        stream.finish()
        #expect(try client.response().text == "data: one\n\n")
    }

    @Test func aDeferredAnswerCannotBeDeferredAgain() throws {
        let server = try HTTPServer.test(
            TestHandler(respond: { _ in
                let deferred = DeferredResponse(timeoutSeconds: 60) { .text("timeout") }
                deferred.complete(.deferred(deferred))
                return .deferred(deferred)
            }))
        #expect(try RawClient(port: server.port).get("/").status == 500)
    }
}
