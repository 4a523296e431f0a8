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

    /// The names on the wire and in SQLite, in the order in which they are shown.
    public static let names = [
        "step", "iteration", "epoch", "loss", "acc", "rewards_actual_mean",
        "rewards_generated_mean", "rewards_all_mean", "rewards_all_std", "rewards_margin_mean",
        "scaled_rewards_actual_mean", "scaled_rewards_generated_mean",
        "scaled_rewards_margin_mean", "kl_penalty", "logps_actual_mean", "logps_generated_mean",
        "avg_generated_lengths", "saturated_fraction", "identical_fraction", "sft_loss",
        "grad_norm", "lr", "consumed_samples", "step_time", "tokens_per_second",
        "rollout_tokens_per_second", "reference_tokens_per_second", "mfu", "resident_bytes",
        "peak_resident_bytes",
    ]

    /// The value under one of `names`; counts are exact as doubles.
    public func value(_ name: String) -> Double? {
        func scaled(_ reward: Double?) -> Double? {
            guard let reward, let klPenalty else { return nil }
            return klPenalty * reward
        }
        switch name {
        case "step": return Double(step)
        case "iteration": return Double(iteration)
        case "epoch": return Double(epoch)
        case "loss": return loss
        case "acc": return accuracy
        case "rewards_actual_mean": return rewardsActualMean
        case "rewards_generated_mean": return rewardsGeneratedMean
        case "rewards_all_mean": return rewardsAllMean
        case "rewards_all_std": return rewardsAllStd
        case "rewards_margin_mean": return rewardsMarginMean
        case "scaled_rewards_actual_mean": return scaled(rewardsActualMean)
        case "scaled_rewards_generated_mean": return scaled(rewardsGeneratedMean)
        case "scaled_rewards_margin_mean": return scaled(rewardsMarginMean)
        case "kl_penalty": return klPenalty
        case "logps_actual_mean": return logpsActualMean
        case "logps_generated_mean": return logpsGeneratedMean
        case "avg_generated_lengths": return avgGeneratedLengths
        case "saturated_fraction": return saturatedFraction
        case "identical_fraction": return identicalFraction
        case "sft_loss": return sftLoss
        case "grad_norm": return gradNorm
        case "lr": return learningRate
        case "consumed_samples": return Double(consumedSamples)
        case "step_time": return stepTime
        case "tokens_per_second": return tokensPerSecond
        case "rollout_tokens_per_second": return rolloutTokensPerSecond
        case "reference_tokens_per_second": return referenceTokensPerSecond
        case "mfu": return mfu
        case "resident_bytes": return residentBytes.map(Double.init)
        case "peak_resident_bytes": return peakResidentBytes.map(Double.init)
        default: return nil
        }
    }

    /// Names whose values are whole numbers.
    public static let integerNames: Set<String> = [
        "step", "iteration", "epoch", "consumed_samples", "resident_bytes", "peak_resident_bytes",
    ]
}
