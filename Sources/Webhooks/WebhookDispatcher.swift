import Dispatch
public import SpinDomain
import Synchronization

/// Tells webhooks of the events in the log: each at least once, in order, until its receiver took
/// it.
///
/// The log is read from where the receiver is, so that no event is lost by a restart, and none has
/// to be written twice.
public final class WebhookDispatcher: Sendable {
    /// Takes a line for the operator: level, message, metadata.
    public typealias Log = @Sendable (JobEvent.Level, String, [String: String]) -> Void

    private static let lookSeconds = 1.0
    private static let pageSize = 100
    /// Seconds before each further attempt; the last one is kept for as long as it takes.
    package static let backoffSeconds = [5, 30, 300, 1800, 3600]

    private let store: any WebhookStore & EventStore
    private let transport: any WebhookTransport
    private let clock: any Clock
    private let log: Log
    private let queue = DispatchQueue(label: "spind.webhooks")
    private let deliveries = DispatchQueue(
        label: "spind.webhooks.deliveries", attributes: .concurrent)
    private let state = Mutex(State())

    private struct State {
        var isRunning = false
        /// Ids of webhooks whose receivers are told something just now.
        var busy: Set<String> = []
    }

    public init(
        store: any WebhookStore & EventStore, transport: any WebhookTransport, clock: any Clock,
        log: @escaping Log
    ) {
        self.store = store
        self.transport = transport
        self.clock = clock
        self.log = log
    }

    public func start() {
        state.withLock { $0.isRunning = true }
        lookLater()
    }

    /// Begins no further delivery.
    public func stop() {
        state.withLock { $0.isRunning = false }
    }

    private var isRunning: Bool { state.withLock { $0.isRunning } }

    private func lookLater() {
        queue.asyncAfter(deadline: .now() + Self.lookSeconds) { [weak self] in
            guard let self, self.isRunning else { return }
            self.loggingErrors { try self.beginDeliveries() }
            self.lookLater()
        }
    }

    /// Each receiver on a thread for itself: one that does not answer holds up no other.
    private func beginDeliveries() throws {
        for webhook in try dueWebhooks() {
            guard state.withLock({ $0.busy.insert(webhook.id).inserted }) else { continue }
            deliveries.async {
                defer { self.state.withLock { _ = $0.busy.remove(webhook.id) } }
                // Read again: it may have been told, changed or deleted since.
                self.loggingErrors {
                    for due in try self.dueWebhooks() where due.id == webhook.id {
                        try self.deliver(to: due) { self.isRunning }
                    }
                }
            }
        }
    }

    /// Delivers all that is due, one receiver after another.
    package func deliver() throws {
        for webhook in try dueWebhooks() { try deliver(to: webhook) { true } }
    }

    private func dueWebhooks() throws -> [Webhook] {
        let now = clock.now()
        return try store.webhooks().filter { $0.isActive && ($0.nextAttemptAt ?? now) <= now }
    }

    private func loggingErrors(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            log(.error, "webhooks cannot be told of events: \(error)", [:])
        }
    }

    private func deliver(to webhook: Webhook, _ goesOn: () -> Bool) throws {
        var webhook = webhook
        var hasMore = true
        while hasMore, webhook.isActive {
            let page = try store.events(
                afterSequence: webhook.lastSequence, limit: Self.pageSize)
            hasMore = page.hasMore
            for event in page.elements {
                guard goesOn() else { return }
                let isWanted = webhook.wants(event.type)
                if isWanted, !attempt(event, &webhook) {
                    return try store.setDeliveries(of: webhook)
                }
                webhook.lastSequence = event.sequence
                if isWanted { try store.setDeliveries(of: webhook) }
            }
            if !page.elements.isEmpty { try store.setDeliveries(of: webhook) }
        }
    }

    /// Whether the receiver took the event; the webhook is changed accordingly.
    private func attempt(_ event: JobEvent, _ webhook: inout Webhook) -> Bool {
        do {
            let status = try transport.post(
                webhook.url, headers: headers(event, webhook), body: event.payload)
            guard (200..<300).contains(status) else {
                if status == 410 { webhook.isActive = false }
                throw SpinError(.inputOutput, "the receiver answered \(status)")
            }
            webhook.failures = 0
            webhook.nextAttemptAt = nil
            webhook.lastError = nil
            webhook.lastDeliveredAt = clock.now()
            return true
        } catch {
            let waits = Self.backoffSeconds
            let seconds = waits[min(webhook.failures, waits.count - 1)]
            webhook.failures += 1
            webhook.nextAttemptAt =
                webhook.isActive
                ? Timestamp(microseconds: clock.now().microseconds + seconds * 1_000_000) : nil
            webhook.lastError = "\(error)"
            log(.warning, "a webhook failed: \(error)", ["webhook": webhook.id])
            return false
        }
    }

    private func headers(
        _ event: JobEvent, _ webhook: Webhook
    ) -> [(name: String, value: String)] {
        let id = "evt_\(event.sequence)"
        let timestamp = clock.now().microseconds / 1_000_000
        let signature = WebhookSecret(text: webhook.secret)?.signature(
            id: id, timestamp: timestamp, body: event.payload)
        return [
            ("Content-Type", "application/json"), ("User-Agent", "spind"), ("webhook-id", id),
            ("webhook-timestamp", "\(timestamp)"), ("webhook-signature", signature ?? ""),
        ]
    }
}

extension JobEvent {
    /// The body of a delivery: the same bytes at every attempt.
    var payload: [UInt8] {
        let json: JSONValue = [
            "type": .string(type), "timestamp": .string(time.text),
            "data": [
                "sequence": .integer(sequence), "job": .string(jobID),
                "level": .string(level.rawValue), "message": .string(message), "data": data,
            ],
        ]
        return json.utf8
    }
}
