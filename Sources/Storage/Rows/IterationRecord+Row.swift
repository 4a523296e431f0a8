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
            "checkpoint_seconds", "is_finished",
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
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        [
            iteration, klPenalty, referenceCheckpoint, pairs, identicalPairs, truncatedPairs,
            generatedTokens, firstStep, steps, startLoss, endLoss, endAccuracy, endMargin,
            endRewardsActualMean, endRewardsGeneratedMean, validationLoss, referenceDifference,
            rolloutSeconds, referenceSeconds, trainSeconds, validationSeconds, checkpointSeconds,
            isFinished,
        ]
    }
}
