/// A column of `StepMetrics`: its raw value is the name on the wire and in SQLite, and the cases are
/// in the order in which they are shown.
public enum StepMetric: String, CaseIterable, Sendable {
    case step
    case iteration
    case epoch
    case loss
    case accuracy = "acc"
    case rewardsActualMean = "rewards_actual_mean"
    case rewardsGeneratedMean = "rewards_generated_mean"
    case rewardsAllMean = "rewards_all_mean"
    case rewardsAllStd = "rewards_all_std"
    case rewardsMarginMean = "rewards_margin_mean"
    case scaledRewardsActualMean = "scaled_rewards_actual_mean"
    case scaledRewardsGeneratedMean = "scaled_rewards_generated_mean"
    case scaledRewardsMarginMean = "scaled_rewards_margin_mean"
    case klPenalty = "kl_penalty"
    case logpsActualMean = "logps_actual_mean"
    case logpsGeneratedMean = "logps_generated_mean"
    case avgGeneratedLengths = "avg_generated_lengths"
    case saturatedFraction = "saturated_fraction"
    case identicalFraction = "identical_fraction"
    case sftLoss = "sft_loss"
    case gradNorm = "grad_norm"
    case learningRate = "lr"
    case consumedSamples = "consumed_samples"
    case stepTime = "step_time"
    case tokensPerSecond = "tokens_per_second"
    case rolloutTokensPerSecond = "rollout_tokens_per_second"
    case referenceTokensPerSecond = "reference_tokens_per_second"
    case mfu
    case residentBytes = "resident_bytes"
    case peakResidentBytes = "peak_resident_bytes"

    /// Whether values are whole numbers.
    public var isInteger: Bool {
        switch self {
        case .step, .iteration, .epoch, .consumedSamples, .residentBytes, .peakResidentBytes: true
        default: false
        }
    }
}

extension StepMetrics {
    /// Of all `StepMetric`s, in their order.
    public static let names = StepMetric.allCases.map(\.rawValue)

    /// The value under one of `names`; counts are exact as doubles.
    public func value(_ name: String) -> Double? {
        StepMetric(rawValue: name).flatMap { self[$0] }
    }

    /// Counts are exact as doubles.
    public subscript(metric: StepMetric) -> Double? {
        func scaled(_ reward: Double?) -> Double? {
            guard let reward, let klPenalty else { return nil }
            return klPenalty * reward
        }
        return switch metric {
        case .step: Double(step)
        case .iteration: Double(iteration)
        case .epoch: Double(epoch)
        case .loss: loss
        case .accuracy: accuracy
        case .rewardsActualMean: rewardsActualMean
        case .rewardsGeneratedMean: rewardsGeneratedMean
        case .rewardsAllMean: rewardsAllMean
        case .rewardsAllStd: rewardsAllStd
        case .rewardsMarginMean: rewardsMarginMean
        case .scaledRewardsActualMean: scaled(rewardsActualMean)
        case .scaledRewardsGeneratedMean: scaled(rewardsGeneratedMean)
        case .scaledRewardsMarginMean: scaled(rewardsMarginMean)
        case .klPenalty: klPenalty
        case .logpsActualMean: logpsActualMean
        case .logpsGeneratedMean: logpsGeneratedMean
        case .avgGeneratedLengths: avgGeneratedLengths
        case .saturatedFraction: saturatedFraction
        case .identicalFraction: identicalFraction
        case .sftLoss: sftLoss
        case .gradNorm: gradNorm
        case .learningRate: learningRate
        case .consumedSamples: Double(consumedSamples)
        case .stepTime: stepTime
        case .tokensPerSecond: tokensPerSecond
        case .rolloutTokensPerSecond: rolloutTokensPerSecond
        case .referenceTokensPerSecond: referenceTokensPerSecond
        case .mfu: mfu
        case .residentBytes: residentBytes.map(Double.init)
        case .peakResidentBytes: peakResidentBytes.map(Double.init)
        }
    }
}
