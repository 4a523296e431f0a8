import MicroHTTP
import SpinDomain
import Synchronization

// A job's log, as pages or as a stream that goes on until the job has ended.

extension Service {
    func listEvents(_ call: Call) throws -> HTTPResponse {
        let job = try store.job(call.parameter("job"))
        let types = ["application/json", "text/event-stream"]
        let wantsStream = try AcceptHeader(call.request).choose(among: types) == types[1]
        if wantsStream { return try streamEvents(call, job) }
        let after = try call.query.integer("after", in: 0...Int.max) ?? 0
        let limit = try call.query.integer("limit", in: 1...1000) ?? 100
        let page = try store.events(job: job.id, afterSequence: after, limit: limit)
        return ListAnswer(page.elements, id: { .integer($0.sequence) }, json: \.json)
            .paged(page.hasMore, of: call).response
    }

    /// Server-Sent Events; `Last-Event-ID`, or `after`, is the last sequence the client has.
    private func streamEvents(_ call: Call, _ job: Job) throws -> HTTPResponse {
        let lastID = call.request.header("Last-Event-ID").flatMap { Int($0) }
        let after = try max(0, lastID ?? call.query.integer("after", in: 0...Int.max) ?? 0)
        // A client that reconnects to a job that is over is told to stay away.
        if lastID != nil, job.status.isFinal,
            try store.events(job: job.id, afterSequence: after, limit: 1).elements.isEmpty
        {
            return .noContent
        }
        let stream = EventStream()
        guard !call.request.isHead else {
            return HTTPResponse(status: 200, headers: HTTPResponse.events(stream).headers)
        }
        let feed = EventFeed(stream: stream, store: store, job: job.id, after: after)
        stream.send(ServerSentEvent(data: "{}", name: "open", retryMilliseconds: 3000))
        if !feed.look() { try watch.add { feed.look() } }
        return .events(stream)
    }
}

/// Copies a job's new events from the store into a stream.
private final class EventFeed: Sendable {
    private static let pageSize = 100
    private let stream: EventStream
    private let store: any JobStore
    private let job: String
    private let lastSequence: Mutex<Int>

    init(stream: EventStream, store: any JobStore, job: String, after: Int) {
        self.stream = stream
        self.store = store
        self.job = job
        lastSequence = Mutex(after)
    }

    /// True when the stream is over: the client has left, the job has ended, or it is gone.
    func look() -> Bool {
        guard stream.isOpen else { return true }
        // The status first: events that follow a final one do not come.
        guard let isFinal = try? store.job(job).status.isFinal, let hasMore = try? sendPage() else {
            stream.finish()
            return true
        }
        guard isFinal, !hasMore else { return false }
        stream.send(ServerSentEvent(data: "{}", name: "end"))
        stream.finish()
        return true
    }

    private func sendPage() throws -> Bool {
        try lastSequence.withLock { last in
            let page = try store.events(job: job, afterSequence: last, limit: Self.pageSize)
            for event in page.elements {
                stream.send(
                    ServerSentEvent(
                        data: event.json.text, name: event.type, id: "\(event.sequence)"))
                last = event.sequence
            }
            return page.hasMore
        }
    }
}
