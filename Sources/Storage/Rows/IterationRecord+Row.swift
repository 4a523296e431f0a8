import GRDB
import SpinDomain

extension IterationRecord: StoredRecord {
    static let table = Table(
        name: "iteration",
        columns: [
            "iteration", "kl_penalty", "reference_checkpoint", "pairs", "identical_pairs",
            "truncated_pairs", "generated_tokens", "first_step", "steps", "start_loss",
            "end_loss", "end_accuracy", "end_margin", "end_rewards_actual_mean",
            "end_rewards_generated_mean", "validation_loss", "reference_difference",
            "rollout_seconds", "reference_seconds", "train_seconds", "validation_seconds",
            "checkpoint_seconds", "is_finished", "kl_pairs", "kl_actual", "kl_actual_se",
            "kl_generated", "kl_generated_se", "kl_seconds",
        ])

    init(from reader: inout ColumnReader) throws {
        self.init(iteration: try reader.next())
        klPenalty = try reader.optional()
        referenceCheckpoint = try reader.optional()
        pairs = try reader.optional()
        identicalPairs = try reader.optional()
        truncatedPairs = try reader.optional()
        generatedTokens = try reader.optional()
        firstStep = try reader.optional()
        steps = try reader.next()
        startLoss = try reader.optional()
        endLoss = try reader.optional()
        endAccuracy = try reader.optional()
        endMargin = try reader.optional()
        endRewardsActualMean = try reader.optional()
        endRewardsGeneratedMean = try reader.optional()
        validationLoss = try reader.optional()
        referenceDifference = try reader.optional()
        rolloutSeconds = try reader.optional()
        referenceSeconds = try reader.optional()
        trainSeconds = try reader.optional()
        validationSeconds = try reader.optional()
        checkpointSeconds = try reader.optional()
        isFinished = try reader.next()
        measuredKL = try MeasuredKL(from: &reader)
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        [
            iteration, klPenalty, referenceCheckpoint, pairs, identicalPairs, truncatedPairs,
            generatedTokens, firstStep, steps, startLoss, endLoss, endAccuracy, endMargin,
            endRewardsActualMean, endRewardsGeneratedMean, validationLoss, referenceDifference,
            rolloutSeconds, referenceSeconds, trainSeconds, validationSeconds, checkpointSeconds,
            isFinished, measuredKL?.pairs, measuredKL?.actual.mean,
            measuredKL?.actual.standardError, measuredKL?.generated.mean,
            measuredKL?.generated.standardError, measuredKL?.seconds,
        ]
    }
}

extension MeasuredKL {
    fileprivate init?(from reader: inout ColumnReader) throws {
        let pairs: Int? = try reader.optional()
        let actual: Double? = try reader.optional()
        let actualError: Double? = try reader.optional()
        let generated: Double? = try reader.optional()
        let generatedError: Double? = try reader.optional()
        let seconds: Double? = try reader.optional()
        guard let pairs, let actual, let generated, let seconds else { return nil }
        self.init(
            pairs: pairs, actual: .init(mean: actual, standardError: actualError),
            generated: .init(mean: generated, standardError: generatedError), seconds: seconds)
    }
}
