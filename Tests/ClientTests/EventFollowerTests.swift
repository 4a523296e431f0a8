import Client
import MicroHTTP
import SpinDomain
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct EventFollowerTests {
    /// A stream that sends all there is and ends.
    private static func stream(_ events: ServerSentEvent...) -> HTTPResponse {
        let stream = EventStream()
        for event in events { stream.send(event) }
        stream.finish()
        return .events(stream)
    }

    private static func event(_ id: Int) -> ServerSentEvent {
        ServerSentEvent(data: "{\"n\":\(id)}", name: "x", id: "\(id)")
    }

    private static let open = ServerSentEvent(data: "{}", name: "open", id: "0")

    @Test func itComesBackWhereItLeftOffUntilTheEnd() throws {
        let server = try ScriptedServer { _, number in
            switch number {
            case 1: Self.stream(Self.open, Self.event(1), Self.event(2))
            case 2: .problem(503, ["detail": "starting"])
            case 3: Self.stream(Self.event(3), ServerSentEvent(data: "{}", name: "reconnect"))
            default: Self.stream(Self.event(4), .init(data: "{}", name: "end"))
            }
        }
        var changes: [EventFollower.Change] = []
        var ids: [Int?] = []
        try EventFollower(
            server.client(), path: "/e", patienceSeconds: 30, report: { changes.append($0) },
            receive: { events in
                ids += events.map(\.id)
                return true
            }
        ).run()
        #expect(ids == [1, 2, 3, 4])
        #expect(server.requests.map { $0.header("Last-Event-ID") } == [nil, "2", "2", "3"])
        // Whom the server asks to come again has lost nothing.
        #expect(
            changes == [
                .connected, .lost("the server has ended the stream"), .connected, .connected,
            ])
    }

    @Test func aJobThatIsOverHasNoStream() throws {
        let server = try ScriptedServer { _, _ in HTTPResponse(status: 204) }
        try EventFollower(
            server.client(), path: "/e", lastID: 7, patienceSeconds: 30, report: { _ in },
            receive: { _ in true }
        ).run()
        #expect(server.requests.count == 1)
    }

    @Test func whoHasEnoughIsLetGoThoughTheStreamIsOpen() throws {
        let server = try ScriptedServer { _, _ in
            let stream = EventStream()
            stream.send(Self.event(1))
            return .events(stream)
        }
        try EventFollower(
            server.client(), path: "/e", patienceSeconds: 30, report: { _ in },
            receive: { _ in false }
        ).run()
        #expect(server.requests.count == 1)
    }

    @Test func aRefusalEndsItAndSoDoesAServerThatStaysAway() throws {
        let server = try ScriptedServer { _, number in
            number == 1 ? Self.stream(Self.event(1)) : .problem(404, ["detail": "deleted"])
        }
        func follow(patienceSeconds: Double) throws {
            try EventFollower(
                server.client(), path: "/e", patienceSeconds: patienceSeconds, report: { _ in },
                receive: { _ in true }
            ).run()
        }
        let gone = #expect(throws: ClientError.self) { try follow(patienceSeconds: 30) }
        #expect(gone?.kind == .notFound)
        let away = try ScriptedServer { _, _ in Self.stream(Self.event(1)) }
        let lost = #expect(throws: ClientError.self) {
            try EventFollower(
                away.client(), path: "/e", patienceSeconds: 0, report: { _ in },
                receive: { _ in true }
            ).run()
        }
        #expect(lost?.kind == .lost)
    }
}
