import Dispatch
import Foundation
import SpinDomain
import Storage
import Synchronization
import Testing
import Webhooks

struct WebhookDispatcherTests {
    /// A store, a clock that is set by hand, and receivers that answer as they are told to.
    private final class Place: Sendable {
        struct Delivery: Equatable {
            var url: String
            var id: String
            var type: String
        }

        let folder: String
        let store: SQLiteStore
        let clock = HandClock()
        let transport = ScriptedTransport()
        let dispatcher: WebhookDispatcher

        init() throws {
            folder =
                FileManager.default.temporaryDirectory
                .appendingPathComponent("spind-webhooks-\(UUID().uuidString)").path
            store = try SQLiteStore(dataFolder: folder)
            dispatcher = WebhookDispatcher(
                store: store, transport: transport, clock: clock, log: { _, _, _ in })
            _ = try store.insert(
                Job(
                    id: "job_one", status: .queued,
                    configuration: JobConfiguration(name: "n", model: "m", dataset: "d"),
                    sources: RunSources(modelPath: "/m", datasetPath: "/d"),
                    allowedIterations: 3, createdAt: clock.now()), idempotency: nil)
        }

        deinit {
            try? store.close()
            try? FileManager.default.removeItem(atPath: folder)
        }

        func add(_ id: String = "whk_a", events: [String] = ["*"]) throws {
            _ = try store.insert(
                webhook: Webhook(
                    id: id, url: "https://example.org/\(id)", events: events,
                    secret: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                    createdAt: clock.now()))
        }

        func happen(_ types: String...) throws {
            for type in types {
                try store.append(
                    event: JobEvent(
                        jobID: "job_one", time: clock.now(), type: type, message: "m"))
            }
        }

        func deliver() throws -> [String] {
            try dispatcher.deliver()
            return transport.take().map(\.type)
        }
    }

    private final class HandClock: SpinDomain.Clock {
        private let seconds = Mutex(1_700_000_000)

        func now() -> Timestamp { seconds.withLock { Timestamp(microseconds: $0 * 1_000_000) } }

        func goOn(seconds more: Int) { seconds.withLock { $0 += more } }
    }

    private final class ScriptedTransport: WebhookTransport {
        private struct State {
            var status = 200
            var heldURL: String?
            var taken: [Place.Delivery] = []
            var headers: [(name: String, value: String)] = []
            var body: [UInt8] = []
        }

        private static let patienceSeconds = 60.0

        private let state = Mutex(State())
        private let mayGoOn = DispatchSemaphore(value: 0)
        private let deliveries = DispatchSemaphore(value: 0)

        /// A receiver that does not answer until `release`.
        func hold(_ url: String) { state.withLock { $0.heldURL = url } }

        func release() { mayGoOn.signal() }

        /// False when there is none for a long time.
        func waitForDelivery() -> Bool {
            deliveries.wait(timeout: .now() + Self.patienceSeconds) == .success
        }

        func answer(_ status: Int) { state.withLock { $0.status = status } }

        func take() -> [Place.Delivery] {
            state.withLock { state in
                defer { state.taken = [] }
                return state.taken
            }
        }

        var last: (headers: [(name: String, value: String)], body: [UInt8]) {
            state.withLock { ($0.headers, $0.body) }
        }

        func post(
            _ url: String, headers: [(name: String, value: String)], body: [UInt8]
        ) throws -> Int {
            let json = try JSONParser.parse(body)
            if state.withLock({ $0.heldURL == url }) {
                _ = mayGoOn.wait(timeout: .now() + Self.patienceSeconds)
            }
            defer { deliveries.signal() }
            return try state.withLock { state in
                state.headers = headers
                state.body = body
                guard state.status > 0 else { throw SpinError(.inputOutput, "unreachable") }
                state.taken.append(
                    .init(
                        url: url, id: headers.first { $0.name == "webhook-id" }?.value ?? "",
                        type: json["type"]?.string ?? ""))
                return state.status
            }
        }
    }

    @Test func eachWantedEventIsDeliveredOnceInOrder() throws {
        let place = try Place()
        try place.add(events: ["job.*", "alert.collapse"])
        #expect(try place.deliver() == [])
        try place.happen("job.started", "validation", "alert.collapse", "alert.kl", "job.failed")
        #expect(try place.deliver() == ["job.started", "alert.collapse", "job.failed"])
        #expect(try place.deliver() == [])
        let webhook = try place.store.webhook("whk_a")
        #expect(webhook.lastDeliveredAt == place.clock.now())
        #expect(webhook.failures == 0)
    }

    @Test func aDeliveryIsSignedAsStandardWebhooksSays() throws {
        let place = try Place()
        try place.add()
        try place.happen("job.started")
        _ = try place.deliver()
        let (headers, body) = place.transport.last
        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
        let id = try #require(header("webhook-id"))
        let timestamp = try #require(header("webhook-timestamp").flatMap { Int($0) })
        #expect(timestamp == 1_700_000_000)
        let secret = try #require(
            WebhookSecret(text: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))
        #expect(
            header("webhook-signature")
                == secret.signature(id: id, timestamp: timestamp, body: body))
        let json = try JSONParser.parse(body)
        #expect(json["data"]?["job"] == "job_one")
        #expect(id == "evt_\(json["data"]?["sequence"]?.integer ?? 0)")
    }

    @Test(arguments: [500, 302, 404, 0])
    func aFailedDeliveryIsTriedAgainLaterAndLater(status: Int) throws {
        let place = try Place()
        try place.add()
        place.transport.answer(status)
        try place.happen("job.started", "job.paused")
        for (attempt, wait) in (WebhookDispatcher.backoffSeconds + [3600]).enumerated() {
            _ = try place.deliver()
            let webhook = try place.store.webhook("whk_a")
            #expect(webhook.failures == attempt + 1)
            #expect(webhook.nextAttemptAt?.seconds(since: place.clock.now()) == Double(wait))
            #expect(webhook.lastError?.isEmpty == false)
            // Not before its time.
            place.clock.goOn(seconds: wait - 1)
            #expect(try place.deliver() == [])
            place.clock.goOn(seconds: 1)
        }
        place.transport.answer(204)
        #expect(try place.deliver() == ["job.started", "job.paused"])
        #expect(try place.store.webhook("whk_a").lastError == nil)
    }

    @Test func oneReceiverThatFailsDoesNotHoldUpAnother() throws {
        let place = try Place()
        try place.add("whk_a")
        try place.happen("job.started")
        place.transport.answer(500)
        _ = try place.deliver()
        try place.add("whk_b")
        place.transport.answer(200)
        try place.happen("job.paused")
        #expect(try place.deliver() == ["job.paused"])
        place.clock.goOn(seconds: 5)
        #expect(try place.deliver() == ["job.started", "job.paused"])
    }

    @Test func oneReceiverThatDoesNotAnswerHoldsUpNoOther() throws {
        let place = try Place()
        try place.add("whk_a")
        try place.add("whk_b")
        try place.happen("job.started")
        place.transport.hold("https://example.org/whk_a")
        place.dispatcher.start()
        defer { place.dispatcher.stop() }
        #expect(place.transport.waitForDelivery())
        #expect(place.transport.take().map(\.url) == ["https://example.org/whk_b"])
        place.transport.release()
        #expect(place.transport.waitForDelivery())
        #expect(place.transport.take().map(\.url) == ["https://example.org/whk_a"])
    }

    @Test func aReceiverThatIsGoneIsLeftAlone() throws {
        let place = try Place()
        try place.add()
        try place.happen("job.started")
        place.transport.answer(410)
        _ = try place.deliver()
        #expect(try place.store.webhook("whk_a").isActive == false)
        place.clock.goOn(seconds: 100_000)
        #expect(try place.deliver() == [])
    }

    @Test func aRestartLosesNothing() throws {
        let place = try Place()
        try place.add()
        try place.happen("job.started")
        place.transport.answer(0)
        _ = try place.deliver()
        place.transport.answer(200)
        let second = WebhookDispatcher(
            store: place.store, transport: place.transport, clock: place.clock,
            log: { _, _, _ in })
        place.clock.goOn(seconds: 5)
        try second.deliver()
        #expect(place.transport.take().map(\.type) == ["job.started"])
        try place.store.delete(webhook: "whk_a")
        try place.happen("job.paused")
        try second.deliver()
        #expect(place.transport.take() == [])
    }
}
