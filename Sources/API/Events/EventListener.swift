import MicroHTTP
import SpinDomain
import Synchronization

/// One client's stream, and how far it has come; used on the hub's queue only, but for its stream.
final class EventListener: Sendable {
    private struct State {
        var lastSequence: Int
        var knowsPresent = false
    }

    private let stream: EventStream
    /// Nil for all jobs.
    private let job: String?
    private let endOfLife: Timestamp
    private let state: Mutex<State>

    init(stream: EventStream, job: String?, after: Int, endOfLife: Timestamp) {
        self.stream = stream
        self.job = job
        self.endOfLife = endOfLife
        state = Mutex(State(lastSequence: after))
    }

    /// True when the stream is over: the client has left, the job has ended, or it is gone.
    func serve(_ glance: StoreGlance, _ notices: [Notice], at time: Timestamp) -> Bool {
        guard stream.isOpen else { return true }
        do {
            // The status first: events that follow a final one do not come.
            let isFinal = try job.map { try glance.status($0).isFinal } ?? false
            let isUpToDate = try state.withLock { try sendEvents(glance, &$0) }
            if isUpToDate { send(notices) }
            if isFinal && isUpToDate { return end() }
        } catch let error as SpinError where error.code == .notFound {
            return end()
        } catch {
            // The next look may succeed.
            return false
        }
        return time >= endOfLife ? leave() : false
    }

    /// True when there is nothing left to send.
    private func sendEvents(_ glance: StoreGlance, _ state: inout State) throws -> Bool {
        guard state.lastSequence < glance.lastSequence else { return true }
        let page = try glance.events(job: job, after: state.lastSequence)
        stream.send(bytes: page.bytes)
        state.lastSequence = page.lastSequence
        return !page.hasMore
    }

    private func send(_ notices: [Notice]) {
        let isNew = state.withLock { state in
            defer { if !notices.isEmpty { state.knowsPresent = true } }
            return !state.knowsPresent
        }
        for notice in notices where job == nil || job == notice.job {
            if isNew || notice.isNew { stream.send(bytes: notice.bytes) }
        }
    }

    private func end() -> Bool {
        stream.send(ServerSentEvent.end(job: job ?? ""))
        stream.finish()
        return true
    }

    /// A connection does not live for ever; the client comes back at once and misses nothing.
    private func leave() -> Bool {
        stream.send(ServerSentEvent(data: "{}", name: "reconnect", retryMilliseconds: 100))
        stream.finish()
        return true
    }
}

extension ServerSentEvent {
    init(_ event: JobEvent) {
        self.init(data: event.json.text, name: event.type, id: "\(event.sequence)")
    }

    /// The job is over; no more of its events come.
    static func end(job: String) -> ServerSentEvent {
        let data: JSONValue = ["job": .string(job)]
        return ServerSentEvent(data: data.text, name: "end")
    }
}
