/// How fast an iteration's rollout was, phase by phase.
struct RolloutSpeeds {
    /// Tokens a second; nil while nothing was computed.
    private(set) var generation: Double?
    private(set) var scoring: Double?

    init() {}

    /// - Parameter times: of all that the rollout has done.
    init(_ rollout: Rollout, _ times: PhaseTimes<Rollout.Phase>) {
        generation = Self.speed(rollout.drawnTokens, times.seconds(.generation))
        scoring = Self.speed(rollout.scoredTokens, times.seconds(.scoring))
    }

    private static func speed(_ tokens: Int, _ seconds: Double) -> Double? {
        tokens > 0 && seconds > 0 ? Double(tokens) / seconds : nil
    }
}
