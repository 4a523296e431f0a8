package import MicroHTTP
import Synchronization

/// Answers that were made of what is stored alone, for as long as nothing is stored anew.
///
/// Dashboards ask for the same again and again, and mostly nothing has changed since.
package final class AnswerCache: Sendable {
    private struct Question: Hashable {
        let target: String
        let accepted: [String]

        init(_ request: HTTPRequest) {
            target = request.target
            accepted = request.headerValues("Accept")
        }
    }

    private struct State {
        var generation = 0
        var answers: [Question: HTTPResponse] = [:]
        var bytes = 0
    }

    private static let maximumBytes = 16 << 20
    /// Of one answer: larger ones are seldom asked for twice.
    private static let maximumAnswerBytes = 256 << 10

    private let state = Mutex(State())

    package init() {}

    /// - Parameters:
    ///   - generation: the store's, read before anything else of it.
    ///   - make: makes the answer when it is not known.
    package func answer(
        to request: HTTPRequest, at generation: Int, make: () throws -> HTTPResponse
    ) rethrows -> HTTPResponse {
        let question = Question(request)
        if let known = find(question, generation) { return known }
        let answer = EntityTag.tagged(try make())
        if answer.status == 200, case .data(let data) = answer.body,
            data.count <= Self.maximumAnswerBytes
        {
            keep(answer, bytes: data.count, question, generation)
        }
        return answer
    }

    private func find(_ question: Question, _ generation: Int) -> HTTPResponse? {
        state.withLock { $0.generation == generation ? $0.answers[question] : nil }
    }

    private func keep(
        _ answer: HTTPResponse, bytes: Int, _ question: Question, _ generation: Int
    ) {
        state.withLock { state in
            guard generation >= state.generation else { return }
            if generation > state.generation || state.bytes + bytes > Self.maximumBytes {
                state = State(generation: generation)
            }
            if state.answers.updateValue(answer, forKey: question) == nil { state.bytes += bytes }
        }
    }
}
