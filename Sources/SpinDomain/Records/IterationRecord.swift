/// One round of the game, as far as it has come.
public struct IterationRecord: Sendable, Equatable {
    public var iteration: Int
    public var klPenalty: Double?
    /// The checkpoint that is this iteration's reference policy; nil for the job's own model.
    public var referenceCheckpoint: String?
    public var pairs: Int?
    /// Pairs whose generated response equals the actual one.
    public var identicalPairs: Int?
    /// Pairs whose generated response was cut off at its token budget.
    public var truncatedPairs: Int?
    public var generatedTokens: Int?
    public var firstStep: Int?
    /// Optimizer steps done in this iteration.
    public var steps: Int = 0
    public var startLoss: Double?
    public var endLoss: Double?
    /// Means over the last quarter of the iteration's steps.
    public var endAccuracy: Double?
    public var endMargin: Double?
    public var endRewardsActualMean: Double?
    public var endRewardsGeneratedMean: Double?
    /// Token-weighted loss on the validation set after the iteration.
    public var validationLoss: Double?
    /// Largest difference between stored and rescored reference log-probabilities.
    public var referenceDifference: Double?
    public var measuredKL: MeasuredKL?
    public var rolloutSeconds: Double?
    public var referenceSeconds: Double?
    public var trainSeconds: Double?
    public var validationSeconds: Double?
    public var checkpointSeconds: Double?
    public var isFinished = false

    public init(iteration: Int) {
        self.iteration = iteration
    }
}

/// A validation: loss on actual responses, no generation.
public struct ValidationRecord: Sendable, Equatable {
    /// Steps done when it ran; 0 is before the first.
    public var step: Int
    public var iteration: Int
    /// Token-weighted mean negative log-likelihood.
    public var loss: Double
    public var tokens: Int
    public var seconds: Double

    public init(step: Int, iteration: Int, loss: Double, tokens: Int, seconds: Double) {
        self.step = step
        self.iteration = iteration
        self.loss = loss
        self.tokens = tokens
        self.seconds = seconds
    }
}
