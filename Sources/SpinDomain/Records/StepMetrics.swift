/// What one optimizer step reports, under NeMo-Aligner's names; means are over the pairs of the step.
public struct StepMetrics: Sendable, Equatable {
    /// Counted from 0 over the whole job.
    public var step: Int
    public var iteration: Int
    public var epoch: Int
    /// SPIN's loss without the SFT term; the token-mean loss for `method: sft`.
    public var loss: Double
    /// Share of pairs with β·s(y) > β·s(y′), strictly.
    ///
    /// Nil, as all below it, for `method: sft`.
    public var accuracy: Double?
    /// Raw: policy minus reference log-probability, summed over a response.
    public var rewardsActualMean: Double?
    public var rewardsGeneratedMean: Double?
    public var rewardsAllMean: Double?
    /// Unbiased, over actual and generated rewards together.
    public var rewardsAllStd: Double?
    public var rewardsMarginMean: Double?
    public var klPenalty: Double?
    public var logpsActualMean: Double?
    public var logpsGeneratedMean: Double?
    /// In tokens.
    public var avgGeneratedLengths: Double?
    /// Share of pairs whose gradient scale σ(−β·D) is below 0.01.
    public var saturatedFraction: Double?
    /// Share of pairs whose generated response equals the actual one.
    public var identicalFraction: Double?
    /// Mean negative log-likelihood a token of the actual responses.
    public var sftLoss: Double
    /// Before clipping.
    public var gradNorm: Double
    public var learningRate: Double
    /// Pairs seen since the job began, this step's among them.
    public var consumedSamples: Int
    /// Seconds of forward, backward and optimizer.
    public var stepTime: Double
    /// Prompt and response tokens through the policy a second.
    public var tokensPerSecond: Double
    /// Tokens that the iteration's rollout generated a second.
    ///
    /// Nil, as the next one, when the run took the iteration's samples from the store.
    public var rolloutTokensPerSecond: Double?
    /// Tokens of prompts and actual responses through the reference policy a second.
    public var referenceTokensPerSecond: Double?
    /// Model FLOPs utilisation: the operations a second that the step needed, over those of a
    /// large matrix product when the process began; nil where that was not measured.
    public var mfu: Double?
    /// Memory of the process after the step, in bytes.
    public var residentBytes: Int?
    /// The most it ever was.
    public var peakResidentBytes: Int?
    /// When whoever stores it heard of it; nil in rows from before this was stored.
    public var finishedAt: Timestamp?

    public init(
        step: Int, iteration: Int, epoch: Int, loss: Double, sftLoss: Double, gradNorm: Double,
        learningRate: Double, consumedSamples: Int, stepTime: Double, tokensPerSecond: Double
    ) {
        self.step = step
        self.iteration = iteration
        self.epoch = epoch
        self.loss = loss
        self.sftLoss = sftLoss
        self.gradNorm = gradNorm
        self.learningRate = learningRate
        self.consumedSamples = consumedSamples
        self.stepTime = stepTime
        self.tokensPerSecond = tokensPerSecond
    }
}
