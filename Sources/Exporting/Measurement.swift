import SpinDomain

/// Values of one moment, as charts of other programs want them.
struct Measurement {
    enum Group: String {
        /// At every optimizer step.
        case step
        /// At the step before which the validation ran.
        case validation
        /// At every iteration: the horizontal axis counts these.
        case iteration
    }

    struct Value {
        /// Within its group.
        var name: String
        var value: Double
    }

    var group: Group
    /// Where it stands on the horizontal axis.
    var position: Int
    var time: Timestamp
    var values: [Value]

    /// A value's name among those of all groups, as `step/loss`.
    func path(_ value: Value) -> String { "\(group.rawValue)/\(value.name)" }
}

extension Measurement {
    init(_ step: StepMetrics, at time: Timestamp) {
        self.init(
            group: .step, position: step.step, time: time,
            values: Self.stepNames.compactMap { name in
                step.value(name).map { Value(name: name, value: $0) }
            })
    }

    init(_ validation: ValidationRecord, at time: Timestamp) {
        self.init(
            group: .validation, position: validation.step, time: time,
            values: [
                Value(name: "loss", value: validation.loss),
                Value(name: "tokens", value: Double(validation.tokens)),
                Value(name: "seconds", value: validation.seconds),
            ])
    }

    /// Under the names that the API has for them.
    init(_ iteration: IterationRecord, at time: Timestamp) {
        let kl = iteration.measuredKL
        let counts: [(String, Int?)] = [
            ("pairs", iteration.pairs), ("identical_pairs", iteration.identicalPairs),
            ("truncated_pairs", iteration.truncatedPairs),
            ("generated_tokens", iteration.generatedTokens),
            ("first_step", iteration.firstStep), ("steps", iteration.steps),
            ("kl_pairs", kl?.pairs),
        ]
        let numbers: [(String, Double?)] = [
            ("kl_penalty", iteration.klPenalty), ("kl_actual", kl?.actual.mean),
            ("kl_actual_se", kl?.actual.standardError), ("kl_generated", kl?.generated.mean),
            ("kl_generated_se", kl?.generated.standardError),
            ("start_loss", iteration.startLoss), ("end_loss", iteration.endLoss),
            ("end_acc", iteration.endAccuracy), ("end_rewards_margin_mean", iteration.endMargin),
            ("end_rewards_actual_mean", iteration.endRewardsActualMean),
            ("end_rewards_generated_mean", iteration.endRewardsGeneratedMean),
            ("validation_loss", iteration.validationLoss),
            ("reference_difference", iteration.referenceDifference),
            ("rollout_seconds", iteration.rolloutSeconds),
            ("reference_seconds", iteration.referenceSeconds),
            ("train_seconds", iteration.trainSeconds),
            ("validation_seconds", iteration.validationSeconds),
            ("checkpoint_seconds", iteration.checkpointSeconds), ("kl_seconds", kl?.seconds),
        ]
        let all = numbers + counts.map { ($0, $1.map(Double.init)) }
        self.init(
            group: .iteration, position: iteration.iteration, time: time,
            values: all.compactMap { name, value in value.map { Value(name: name, value: $0) } })
    }

    /// The step itself is the horizontal axis.
    private static let stepNames = StepMetrics.names.filter { $0 != "step" }
}
