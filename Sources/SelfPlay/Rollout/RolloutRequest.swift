package import SpinDomain
package import Tensors

/// A prompt that the reference policy is to answer.
package struct RolloutRequest: Sendable {
    package let prompt: [Int32]
    /// Scored on the prompt's keys and values before they serve the generated response.
    package let actual: [Int32]
    /// Most tokens of the generated response; at least 1.
    package let budget: Int
    /// Its draws: of no other prompt, epoch or iteration.
    package let random: CounterRandom

    package init(prompt: [Int32], actual: [Int32], budget: Int, random: CounterRandom) {
        self.prompt = prompt
        self.actual = actual
        self.budget = budget
        self.random = random
    }
}

/// What the reference policy made of a prompt; log-probabilities are sums over the scored window.
package struct RolloutAnswer: Sendable {
    package var generated: [Int32] = []
    package var logpActual = 0.0
    package var logpGenerated = 0.0
    package var stopReason = RolloutSample.StopReason.length
}
