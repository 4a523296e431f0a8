package import SpinDomain

/// One pair as a training step sees it.
package struct TrainingPair: Sendable {
    package let prompt: [Int32]
    package let actual: [Int32]
    /// Empty for `method: sft`, which has no generated responses.
    package let generated: [Int32]
    /// Summed log-probabilities under the reference policy, over the scored window.
    package let referenceActual: Double
    package let referenceGenerated: Double
    /// Keeps its place in the batch, but gives no gradient and leaves the means.
    package let isDropped: Bool

    package init(_ sample: RolloutSample, truncated: SpinOptions.Truncated) {
        prompt = sample.promptIDs
        actual = sample.actualIDs
        generated = sample.generatedIDs
        referenceActual = sample.referenceLogpActual
        referenceGenerated = sample.referenceLogpGenerated
        isDropped = truncated == .dropPair && sample.stopReason == .length
    }

    /// A pair that counts, from its parts.
    package init(
        prompt: [Int32], actual: [Int32], generated: [Int32], referenceActual: Double,
        referenceGenerated: Double
    ) {
        self.prompt = prompt
        self.actual = actual
        self.generated = generated
        self.referenceActual = referenceActual
        self.referenceGenerated = referenceGenerated
        isDropped = false
    }

    /// A row for the plain loss on actual responses.
    package init(prompt: [Int32], actual: [Int32]) {
        self.prompt = prompt
        self.actual = actual
        generated = []
        referenceActual = 0
        referenceGenerated = 0
        isDropped = false
    }

    /// D = 0 whatever the policy: the pair has a loss, but no gradient.
    package var isIdentical: Bool { actual == generated }

    /// Prompt counted once, since it is computed once.
    package var tokenCount: Int { prompt.count + actual.count + generated.count }
}
