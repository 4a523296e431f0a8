import Dispatch
import MicroHTTP
import SpinDomain
import Synchronization

/// Takes requests for text and has them answered one after the other, in the order they came.
///
/// A run goes on beside it: how many cores texts may take is the generator's affair.
final class CompletionDesk: Sendable {
    /// Requests that wait behind the one that is being answered.
    static let maximumWaiting = 8
    /// A request that has not had its turn after this time is refused.
    static let waitSeconds = 60.0
    /// Waiting and writing together; as long as OpenAI's client waits.
    private static let timeoutSeconds = 600.0

    private struct State {
        /// Requests that wait, and the one that is being answered.
        var count = 0
        var random: any RandomNumberGenerator & Sendable
    }

    private let generator: any TextGenerator
    private let clock: any Clock
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "spind.completions")

    /// - Parameter random: where answers' ids and seeds that nobody gave come from.
    init(
        generator: any TextGenerator, clock: any Clock,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.generator = generator
        self.clock = clock
        state = Mutex(State(random: random))
    }

    /// Queues a request whose model's path is known.
    ///
    /// - Throws: a refusal with 429 when too many wait.
    func take(
        _ request: CompletionRequest, requestID: String,
        refusal: @escaping @Sendable (any Error) -> Refusal
    ) throws -> HTTPResponse {
        let task = CompletionTask(
            try admit(request), timeoutSeconds: Self.timeoutSeconds, requestID: requestID,
            refusal: refusal)
        task.deferred.onAbandon { [self] in
            if task.abandon() { leave() }
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.waitSeconds) {
            [self, weak task] in
            let late = Refusal.busy("other requests for text took too long")
            if task?.refuse(late) == true { leave() }
        }
        queue.async { [self] in
            guard task.begin() else { return }
            task.run(generator)
            leave()
        }
        return .deferred(task.deferred)
    }

    /// Counts a request, and gives its answer an id.
    private func admit(_ request: CompletionRequest) throws -> CompletionShape {
        try state.withLock { state in
            guard state.count <= Self.maximumWaiting else {
                throw Refusal(
                    status: 429, code: "too_many_requests",
                    "\(Self.maximumWaiting) requests for text wait already",
                    hint: "try again later, or ask for fewer tokens at a time",
                    headers: [("Retry-After", "5")])
            }
            state.count += 1
            var request = request
            if !request.hasSeed { request.text.seed = state.random.next() }
            let digits = String(state.random.next() as UInt64, radix: 36)
            let prefix = request.form == .chat ? "chatcmpl-" : "cmpl-"
            return CompletionShape(
                id: prefix + digits, created: clock.now().microseconds / 1_000_000,
                request: request)
        }
    }

    /// Requests that wait, and the one that is being answered.
    var count: Int { state.withLock(\.count) }

    private func leave() { state.withLock { $0.count -= 1 } }
}
