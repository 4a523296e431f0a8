import SpinDomain

/// Follows a stream of events, and comes back where it left off when the connection is lost.
public final class EventFollower {
    public enum Change: Sendable, Equatable {
        case connected
        /// With the reason; it is tried again.
        case lost(String)
    }

    /// The server says something every 15 seconds.
    private static let silenceSeconds = 60

    private let client: ServerClient
    private let path: String
    private let patienceSeconds: Double
    private let report: (Change) throws -> Void
    private let receive: ([ServerEvent]) throws -> Bool
    private var lastID: Int?
    private var isConnected = false
    private var hasEnough = false
    private var isInvitedBack = false

    /// - Parameters:
    ///   - lastID: the last event that is known; nil for none.
    ///   - patienceSeconds: how long a server may be away.
    ///   - receive: false ends the stream.
    public init(
        _ client: ServerClient, path: String, lastID: Int? = nil, patienceSeconds: Double,
        report: @escaping (Change) throws -> Void,
        receive: @escaping ([ServerEvent]) throws -> Bool
    ) {
        self.client = client
        self.path = path
        self.lastID = lastID
        self.patienceSeconds = patienceSeconds
        self.report = report
        self.receive = receive
    }

    /// Returns when the server says that no more will come, or the receiver has enough.
    ///
    /// - Throws: `ClientError` when the server is not there at first or for too long, or refuses.
    public func run() throws {
        var wasConnected = false
        var end = ContinuousClock.now
        var pauses = Pauses()
        while true {
            let reason: ClientError
            do {
                if try readUntilItEnds() { return }
                reason = ClientError(.lost, "the server has ended the stream")
            } catch let error as ClientError where error.isPassing && (isConnected || wasConnected)
            {
                reason = error
            }
            if isConnected {
                wasConnected = true
                isConnected = false
                end = ContinuousClock.now + .seconds(patienceSeconds)
                pauses = Pauses()
                if isInvitedBack { continue }
                try report(.lost(reason.message))
            }
            guard ContinuousClock.now < end else { throw reason }
            pauses.wait()
        }
    }

    /// True when it is the end.
    private func readUntilItEnds() throws -> Bool {
        var reader = EventStreamReader()
        var headers = [(name: "Accept", value: "text/event-stream")]
        if let lastID { headers.append(("Last-Event-ID", "\(lastID)")) }
        isInvitedBack = false
        let answer = try client.stream(
            path, headers: headers, silenceSeconds: Self.silenceSeconds
        ) { [self] piece in
            if !isConnected {
                isConnected = true
                try report(.connected)
            }
            return try take(reader.read(piece))
        }
        return hasEnough || answer.status == 204
    }

    /// False ends the stream.
    private func take(_ events: [ServerEvent]) throws -> Bool {
        if let id = events.last(where: { $0.id != nil })?.id { lastID = id }
        isInvitedBack = events.contains { $0.name == "reconnect" }
        let isOver = events.contains { $0.name == "end" }
        let news = events.filter { !["open", "end", "reconnect"].contains($0.name) }
        let goesOn = try news.isEmpty || receive(news)
        hasEnough = isOver || !goesOn
        return !hasEnough
    }
}
