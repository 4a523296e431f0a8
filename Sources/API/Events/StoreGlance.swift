import MicroHTTP
import SpinDomain
import Synchronization

/// What the store holds at one look, read once however many listeners ask.
final class StoreGlance: Sendable {
    /// Some events.
    struct EventPage: Sendable {
        /// As they are sent, encoded once for all listeners.
        var bytes: [UInt8]
        /// The next page comes after this.
        var lastSequence: Int
        var hasMore: Bool
    }

    private struct Place: Hashable {
        var job: String?
        var after: Int
    }

    private struct State {
        var statuses: [String: JobStatus] = [:]
        var pages: [Place: EventPage] = [:]
    }

    private static let pageSize = 500
    private let store: any JobStore
    private let state = Mutex(State())
    let lastSequence: Int

    init(_ store: any JobStore) throws {
        self.store = store
        lastSequence = try store.lastEventSequence()
    }

    func status(_ job: String) throws -> JobStatus {
        try state.withLock { state in
            if let known = state.statuses[job] { return known }
            let status = try store.status(job: job)
            state.statuses[job] = status
            return status
        }
    }

    /// - Parameter job: nil for all; their `end` follows the event that a job became final with.
    func events(job: String?, after: Int) throws -> EventPage {
        try state.withLock { state in
            let place = Place(job: job, after: after)
            if let known = state.pages[place] { return known }
            let page = try read(place)
            state.pages[place] = page
            return page
        }
    }

    private func read(_ place: Place) throws -> EventPage {
        let page =
            try place.job.map {
                try store.events(job: $0, afterSequence: place.after, limit: Self.pageSize)
            } ?? store.events(afterSequence: place.after, limit: Self.pageSize)
        var bytes: [UInt8] = []
        for event in page.elements {
            bytes += ServerSentEvent(event).encoded
            if place.job == nil, event.isFinal {
                bytes += ServerSentEvent.end(job: event.jobID).encoded
            }
        }
        // Where no more of the job follow, the next look need not pass over the others' again.
        let last = page.elements.last?.sequence ?? place.after
        return EventPage(
            bytes: bytes, lastSequence: page.hasMore ? last : max(last, lastSequence),
            hasMore: page.hasMore)
    }
}

extension JobEvent {
    /// Whether the job became final with it.
    fileprivate var isFinal: Bool {
        guard type.hasPrefix("job."), let status = data["status"]?.string else { return false }
        return JobStatus(rawValue: status)?.isFinal ?? false
    }
}
