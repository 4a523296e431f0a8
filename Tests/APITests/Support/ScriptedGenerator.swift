import Glibc
import SpinDomain
import Synchronization

/// Stands in for the numeric wing: says "one two three …", as long as it is asked to.
///
/// A prompt with "wait" in it is begun and then held until `letGo`.
final class ScriptedGenerator: TextGenerator {
    private struct State {
        var isHeld = true
        var requests: [TextRequest] = []
        var ended = 0
    }

    private static let words = ["one", " two", " three", " four", " five", " six"]
    private let state = Mutex(State())

    /// What was asked for, in order.
    var requests: [TextRequest] { state.withLock(\.requests) }

    /// Generations that are over, whatever their end.
    var ended: Int { state.withLock(\.ended) }

    func letGo() { state.withLock { $0.isHeld = false } }

    func generate(
        _ request: TextRequest, heed: () throws -> Void, report: (TextEvent) throws -> Void
    ) throws -> TextUsage {
        state.withLock { $0.requests.append(request) }
        defer { state.withLock { $0.ended += 1 } }
        let (prompt, limit) = try (Self.text(request.prompt), Self.limit(request.length))
        let tokens = prompt.utf8.map { Int32($0) }
        try report(.began(prompt: tokens))
        if prompt.contains("wait") {
            while state.withLock(\.isHeld) {
                try heed()
                usleep(1000)
            }
        }
        if prompt.contains("late failure") { throw SpinError(.diverged, "not finite") }
        for choice in 0..<request.choices {
            try write(choice, request, prompt, tokens, limit, heed, report)
        }
        return TextUsage(
            promptTokens: tokens.count, completionTokens: request.choices * limit)
    }

    private func write(
        _ choice: Int, _ request: TextRequest, _ prompt: String, _ tokens: [Int32], _ limit: Int,
        _ heed: () throws -> Void, _ report: (TextEvent) throws -> Void
    ) throws {
        var offset = 0
        if request.echoes {
            let echo = tokens.enumerated().map { index, id in
                TextToken(id: id, bytes: [UInt8(id)], offset: index)
            }
            try report(.piece(.init(choice: choice, text: prompt, tokens: echo)))
            offset = tokens.count
        }
        for word in Self.words.prefix(limit) {
            try heed()
            let bytes = Array(word.utf8)
            let token = TextToken(
                id: Int32(bytes.count), bytes: bytes,
                logProbability: request.logProbabilities.map { _ in -0.5 },
                likeliest: (0..<(request.logProbabilities ?? 0)).map {
                    .init(id: Int32(200 + $0), bytes: [UInt8(200 + $0)], logProbability: -0.25)
                }, offset: offset)
            offset += bytes.count
            try report(.piece(.init(choice: choice, text: word, tokens: [token])))
        }
        try report(.ended(choice: choice, limit < Self.words.count ? .length : .stop))
    }

    private static func text(_ prompt: TextRequest.Prompt) throws -> String {
        switch prompt {
        case .text(let text): text
        case .tokens(let ids): String(decoding: ids.map { UInt8($0) }, as: UTF8.self)
        case .messages(let messages): messages.map { "\($0.role):\($0.content)" }.joined()
        }
    }

    private static func limit(_ length: TextRequest.Length) throws -> Int {
        switch length {
        case .atMost(let count): return min(count, words.count)
        case .exactly(let count):
            guard count <= 100 else {
                throw SpinError.invalid(
                    "the request",
                    problems: [.init(pointer: "/max_tokens", detail: "expected at most 100")])
            }
            return min(count, words.count)
        }
    }
}
