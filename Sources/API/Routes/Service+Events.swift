import MicroHTTP
import SpinDomain

// The log of one job or of all, as pages or as a stream.

extension Service {
    private static let eventTypes = ["application/json", "text/event-stream"]

    func listEvents(_ call: Call) throws -> HTTPResponse {
        let job = try store.job(call.parameter("job"))
        if try wantsStream(call) { return try streamEvents(call, job) }
        return try eventPage(call) { after, limit in
            try store.events(job: job.id, afterSequence: after, limit: limit)
        }
    }

    func listAllEvents(_ call: Call) throws -> HTTPResponse {
        if try wantsStream(call) {
            // Who does not say where to go on begins with the present.
            let after = try lastKnown(call) ?? store.lastEventSequence()
            return try stream(call, job: nil, after: after)
        }
        return try eventPage(call) { after, limit in
            try store.events(afterSequence: after, limit: limit)
        }
    }

    private func wantsStream(_ call: Call) throws -> Bool {
        try AcceptHeader(call.request).choose(among: Self.eventTypes) == Self.eventTypes[1]
    }

    private func eventPage(
        _ call: Call, _ read: (_ after: Int, _ limit: Int) throws -> Page<JobEvent>
    ) throws -> HTTPResponse {
        let after = try call.query.integer("after", in: 0...Int.max) ?? 0
        let limit = try call.query.integer("limit", in: 1...1000) ?? 100
        let page = try read(after, limit)
        return ListAnswer(page.elements, id: { .integer($0.sequence) }, json: \.json)
            .paged(page.hasMore, of: call).response
    }

    private func streamEvents(_ call: Call, _ job: Job) throws -> HTTPResponse {
        let after = try lastKnown(call) ?? 0
        // A client that reconnects to a job that is over is told to stay away.
        if lastEventID(call) != nil, job.status.isFinal,
            try store.events(job: job.id, afterSequence: after, limit: 1).elements.isEmpty
        {
            return .noContent
        }
        return try stream(call, job: job.id, after: after)
    }

    /// The last sequence that the client has: `Last-Event-ID`, or `after`.
    private func lastKnown(_ call: Call) throws -> Int? {
        let after = try call.query.integer("after", in: 0...Int.max)
        return (lastEventID(call) ?? after).map { max(0, $0) }
    }

    private func lastEventID(_ call: Call) -> Int? {
        call.request.header("Last-Event-ID").flatMap { Int($0) }
    }

    private func stream(_ call: Call, job: String?, after: Int) throws -> HTTPResponse {
        let stream = EventStream()
        let response = HTTPResponse.events(stream)
        guard !call.request.isHead else {
            return HTTPResponse(status: 200, headers: response.headers)
        }
        try events.attach(stream, job: job, after: after)
        return response
    }
}
