import API
import Foundation
import SpinDomain
import Testing

/// Who has to wait for a text, and what becomes of requests that nobody waits for.
@Suite(.timeLimit(.minutes(1)))
struct CompletionOrderTests {
    private let service: TestService

    init() throws {
        service = try TestService(.socket)
        try service.register(model: "tiny", path: "tiny")
    }

    private func connect(_ prompt: String, streams: Bool = false) throws -> Connection {
        let body = #"{"model":"tiny","prompt":"\#(prompt)","stream":\#(streams)}"#
        let connection = try Connection(port: try #require(service.port))
        let head = [
            "POST /v1/completions HTTP/1.1", "Host: localhost", "Connection: close",
            "Content-Type: application/json", "Content-Length: \(body.utf8.count)",
        ]
        try connection.write(Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
        return connection
    }

    private func answer(_ connection: Connection) throws -> Answer {
        try Answer(wire: connection.readToEnd())
    }

    private func eventually(_ condition: () -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: 20)
        while !condition() {
            if Date() > end { return false }
            usleep(1000)
        }
        return true
    }

    @Test func requestsAreAnsweredInTurnAndTooManyAreRefused() throws {
        let running = try connect("wait")
        #expect(eventually { service.generator.requests.count == 1 })
        let limit = ServiceHandler.maximumWaitingCompletions
        let waiting = try (0..<limit).map { try connect("\($0)") }
        #expect(eventually { service.handler.completionsUnderWay == limit + 1 })
        let refused = try answer(connect("one too many"))
        _ = try refused.problem(429, "too_many_requests")
        #expect(refused.header("Retry-After") == "5")
        #expect(service.generator.requests.count == 1)

        service.generator.letGo()
        for connection in [running] + waiting { #expect(try answer(connection).status == 200) }
        #expect(service.generator.requests.count == limit + 1)
        #expect(eventually { service.handler.completionsUnderWay == 0 })
    }

    @Test(arguments: [false, true])
    func aClientThatLeavesEndsItsText(streams: Bool) throws {
        var client: Connection? = try connect("wait", streams: streams)
        #expect(eventually { service.generator.requests.count == 1 })
        #expect(service.generator.ended == 0 && client != nil)
        client = nil
        #expect(eventually { service.generator.ended == 1 })
        #expect(eventually { service.handler.completionsUnderWay == 0 })
    }

    @Test func aClientThatLeavesGivesUpItsPlace() throws {
        let running = try connect("wait")
        #expect(eventually { service.generator.requests.count == 1 })
        var client: Connection? = try connect("nobody waits for it")
        #expect(eventually { service.handler.completionsUnderWay == 2 && client != nil })
        client = nil
        #expect(eventually { service.handler.completionsUnderWay == 1 })
        service.generator.letGo()
        #expect(try answer(running).status == 200)
        #expect(try answer(connect("next")).status == 200)
        #expect(service.generator.requests.map(\.prompt) == [.text("wait"), .text("next")])
    }

    @Test func aServerThatStopsEndsTheTexts() throws {
        let whole = try connect("wait")
        #expect(eventually { service.generator.requests.count == 1 })
        service.stop()
        #expect(try answer(whole).status == 503)
        #expect(eventually { service.generator.ended == 1 })
    }
}
