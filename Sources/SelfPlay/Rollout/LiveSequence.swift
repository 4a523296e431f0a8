import SpinDomain

/// A response that is being generated.
struct LiveSequence {
    /// Place in the wave.
    let index: Int
    let request: RolloutRequest
    var answer = RolloutAnswer()
    private(set) var seen: SeenTokens?
    private var endStrings: EndStrings?
    /// Of the last prompt token, where the scored window begins with it.
    private var promptEnd = 0.0
    /// Of all tokens drawn so far, and of the last of them.
    private var logpSum = 0.0
    private var lastLogp = 0.0

    init(index: Int, request: RolloutRequest, endStrings: EndStrings?, seen: SeenTokens?) {
        self.index = index
        self.request = request
        self.endStrings = endStrings
        self.seen = seen
    }

    /// - Parameter logps: of the targets that `RolloutRules.window` gave.
    mutating func scoreActual(_ logps: ArraySlice<Float>, _ rules: RolloutRules) {
        answer.logpActual = logps.reduce(0) { $0 + Double($1) }
        if rules.scoresPromptEnd(of: request.prompt), let first = logps.first {
            promptEnd = Double(first)
        }
    }

    /// - Returns: whether the response ends with this token.
    mutating func append(_ draw: Sampler.Draw, _ rules: RolloutRules) -> Bool {
        answer.generated.append(draw.token)
        logpSum += draw.logProbability
        lastLogp = draw.logProbability
        seen?.insert(draw.token)
        let isEnded = end(with: draw.token, rules)
        if isEnded {
            answer.logpGenerated =
                rules.maskMode == .exact ? logpSum : promptEnd + logpSum - lastLogp
        }
        return isEnded
    }

    private mutating func end(with token: Int32, _ rules: RolloutRules) -> Bool {
        if rules.stopTokens.contains(token) {
            answer.stopReason = .stopToken
            return true
        }
        if endStrings?.append(token) == true {
            answer.stopReason = .endString
            return true
        }
        answer.stopReason = .length
        return answer.generated.count == request.budget
    }
}

/// The distinct tokens of a sequence, in the order of their first occurrence.
struct SeenTokens {
    private(set) var tokens: [Int32] = []
    private var known: Set<Int32> = []

    init(_ tokens: [Int32]) {
        for token in tokens { insert(token) }
    }

    mutating func insert(_ token: Int32) {
        if known.insert(token).inserted { tokens.append(token) }
    }
}
