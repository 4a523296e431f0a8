import GRDB
import SpinDomain

extension StepMetrics: StoredRecord {
    /// The names on the wire, without the scaled rewards, which follow from the raw ones; and the
    /// time.
    static let table = Table(
        name: "step_metric",
        columns: [
            "step", "iteration", "epoch", "loss", "sft_loss", "grad_norm", "lr",
            "consumed_samples", "step_time", "tokens_per_second", "acc", "rewards_actual_mean",
            "rewards_generated_mean", "rewards_all_mean", "rewards_all_std",
            "rewards_margin_mean", "kl_penalty", "logps_actual_mean", "logps_generated_mean",
            "avg_generated_lengths", "saturated_fraction", "identical_fraction",
            "rollout_tokens_per_second", "reference_tokens_per_second", "mfu", "resident_bytes",
            "peak_resident_bytes", "finished_at",
        ])

    init(from reader: inout ColumnReader) throws {
        self.init(
            step: try reader.next(), iteration: try reader.next(), epoch: try reader.next(),
            loss: try reader.next(), sftLoss: try reader.next(), gradNorm: try reader.next(),
            learningRate: try reader.next(), consumedSamples: try reader.next(),
            stepTime: try reader.next(), tokensPerSecond: try reader.next())
        accuracy = try reader.optional()
        rewardsActualMean = try reader.optional()
        rewardsGeneratedMean = try reader.optional()
        rewardsAllMean = try reader.optional()
        rewardsAllStd = try reader.optional()
        rewardsMarginMean = try reader.optional()
        klPenalty = try reader.optional()
        logpsActualMean = try reader.optional()
        logpsGeneratedMean = try reader.optional()
        avgGeneratedLengths = try reader.optional()
        saturatedFraction = try reader.optional()
        identicalFraction = try reader.optional()
        rolloutTokensPerSecond = try reader.optional()
        referenceTokensPerSecond = try reader.optional()
        mfu = try reader.optional()
        residentBytes = try reader.optional()
        peakResidentBytes = try reader.optional()
        finishedAt = try reader.optionalTime()
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        [
            step, iteration, epoch, loss, sftLoss, gradNorm, learningRate, consumedSamples,
            stepTime, tokensPerSecond, accuracy, rewardsActualMean, rewardsGeneratedMean,
            rewardsAllMean, rewardsAllStd, rewardsMarginMean, klPenalty, logpsActualMean,
            logpsGeneratedMean, avgGeneratedLengths, saturatedFraction, identicalFraction,
            rolloutTokensPerSecond, referenceTokensPerSecond, mfu, residentBytes,
            peakResidentBytes, finishedAt?.microseconds,
        ]
    }
}

extension StepMetrics {
    /// One of `names` in SQL.
    static func expression(_ name: String) -> String {
        let scaled = "scaled_rewards_"
        guard name.hasPrefix(scaled) else { return name }
        return "kl_penalty * rewards_\(name.dropFirst(scaled.count))"
    }

    /// Writes rows of a job under new sequences; a row of the same step is replaced.
    static func write(_ steps: [StepMetrics], job: String, in database: Database) throws {
        let last = try Int.fetchOne(
            database.cachedStatement(
                sql: """
                    UPDATE job SET metric_sequence = metric_sequence + ? WHERE id = ?
                    RETURNING metric_sequence
                    """), arguments: [steps.count, job])
        guard let last else { throw SpinError.notFound("job", job) }
        let stored = steps.enumerated().map { index, metrics in
            StoredStep(sequence: last - steps.count + 1 + index, metrics: metrics)
        }
        try StoredStep.replace(stored, job: job, in: database)
    }
}

extension StoredStep: StoredRecord {
    static let table = Table(
        name: StepMetrics.table.name, columns: ["sequence"] + StepMetrics.table.columns)

    init(from reader: inout ColumnReader) throws {
        self.init(sequence: try reader.next(), metrics: try StepMetrics(from: &reader))
    }

    var columnValues: [(any DatabaseValueConvertible)?] { [sequence] + metrics.columnValues }
}

extension ValidationRecord: StoredRecord {
    static let table = Table(
        name: "validation_metric", columns: ["step", "iteration", "loss", "tokens", "seconds"])

    init(from reader: inout ColumnReader) throws {
        self.init(
            step: try reader.next(), iteration: try reader.next(), loss: try reader.next(),
            tokens: try reader.next(), seconds: try reader.next())
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        [step, iteration, loss, tokens, seconds]
    }
}
