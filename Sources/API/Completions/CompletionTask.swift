import MicroHTTP
import SpinDomain
import Synchronization

/// One request for text on its way: it waits, is answered, or is given up.
final class CompletionTask: Sendable {
    /// Thrown to end a generation that nobody waits for.
    struct GivenUp: Error {}

    private enum Phase {
        case waiting, running, over
    }

    /// The answer, whole, or a stream once the first event has come.
    let deferred: DeferredResponse
    private let shape: CompletionShape
    private let phase = Mutex(Phase.waiting)
    private let refusal: @Sendable (any Error) -> Refusal
    private let requestID: String

    /// - Parameters:
    ///   - timeoutSeconds: after this time the server refuses by itself.
    ///   - refusal: what a client is told of an error.
    init(
        _ shape: CompletionShape, timeoutSeconds: Double, requestID: String,
        refusal: @escaping @Sendable (any Error) -> Refusal
    ) {
        self.shape = shape
        self.refusal = refusal
        self.requestID = requestID
        deferred = DeferredResponse(timeoutSeconds: timeoutSeconds) {
            Refusal.busy("the answer took too long").openAIResponse(requestID: requestID)
        }
    }

    /// Whether it was waiting, and runs now.
    func begin() -> Bool { move(from: .waiting, to: .running) }

    /// Refuses, if it still waits for its turn; says whether it did.
    func refuse(_ refusal: Refusal) -> Bool {
        guard move(from: .waiting, to: .over) else { return false }
        deferred.complete(refusal.openAIResponse(requestID: requestID))
        return true
    }

    /// The client has gone; says whether it was still waiting for its turn.
    func abandon() -> Bool {
        phase.withLock { phase in
            defer { phase = .over }
            return phase == .waiting
        }
    }

    private func move(from: Phase, to: Phase) -> Bool {
        phase.withLock { phase in
            guard phase == from else { return false }
            phase = to
            return true
        }
    }

    /// Generates and answers, on the calling thread.
    func run(_ generator: any TextGenerator) {
        if shape.request.streams {
            runStreamed(generator)
        } else {
            runWhole(generator)
        }
    }

    private func runWhole(_ generator: any TextGenerator) {
        var answer = WholeCompletion(shape)
        do {
            let usage = try generator.generate(
                shape.request.text, heed: { try heed(isAnswered: deferred.isComplete) },
                report: { answer.add($0) })
            deferred.complete(.json(answer.json(usage)))
        } catch {
            fail(error)
        }
    }

    private func runStreamed(_ generator: any TextGenerator) {
        var answer = StreamedCompletion(shape)
        var hasBegun = false
        do {
            let usage = try generator.generate(shape.request.text) {
                try heed(isAnswered: hasBegun ? !answer.stream.isOpen : deferred.isComplete)
            } report: { event in
                // Only now is it sure that there is something to stream.
                if !hasBegun { deferred.complete(.events(answer.stream)) }
                hasBegun = true
                answer.add(event)
            }
            answer.finish(usage)
        } catch {
            guard hasBegun else { return fail(error) }
            if error is GivenUp { return answer.stream.finish() }
            answer.fail(refusal(error).openAIError)
        }
    }

    private func heed(isAnswered: Bool) throws {
        if isAnswered || phase.withLock({ $0 == .over }) { throw GivenUp() }
    }

    private func fail(_ error: any Error) {
        // Nobody reads it, but the connection has to come to its end.
        let answer = error is GivenUp ? Refusal.busy("the client has left") : refusal(error)
        deferred.complete(answer.openAIResponse(requestID: requestID))
    }
}
