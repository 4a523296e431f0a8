package import SpinDomain

/// Looks for the signs of a run that goes wrong; tells each once an iteration.
package struct AlertWatch {
    /// Something that a person should look at.
    package struct Alert: Equatable {
        package enum Kind: String, CaseIterable {
            case notFinite = "alert.not_finite"
            case saturated = "alert.saturated"
            case starved = "alert.starved"
            case collapse = "alert.collapse"
            case kl = "alert.kl"
            case validationWorse = "alert.validation_worse"
            case earlyStop = "alert.early_stop"
        }

        package let kind: Kind
        package let message: String
        /// What was measured, and the limit, where it is one number.
        package let value: Double?
        package let limit: Double?

        package var level: JobEvent.Level {
            kind == .notFinite || kind == .collapse ? .error : .warning
        }
    }

    /// Steps whose mean counts, so that one odd batch is no alarm.
    package static let window = 8

    private let options: AlertOptions
    private var iteration = 0
    private var recent: [StepMetrics] = []
    private var told: Set<Alert.Kind> = []

    package init(_ options: AlertOptions) {
        self.options = options
    }

    /// - Parameter told: what earlier runs of the job have told of this iteration.
    package mutating func begin(iteration: Int, told: Set<Alert.Kind> = []) {
        self.iteration = iteration
        self.told = told
        recent = []
    }

    package mutating func step(_ metrics: StepMetrics) -> [Alert] {
        recent = recent.suffix(Self.window - 1) + [metrics]
        return news([notFinite(metrics), saturated, starved, collapse, kl])
    }

    /// - Parameter before: the loss that the iteration began with.
    package mutating func validation(_ loss: Double, before: Double?) -> [Alert] {
        guard let limit = options.validationRise, let before, loss - before > limit else {
            return []
        }
        return news([
            Alert(
                kind: .validationWorse,
                message: "iteration \(iteration) made the validation loss worse: "
                    + "\(before) became \(loss)", value: loss - before, limit: limit)
        ])
    }

    /// The run stopped before it reported a step that it could not do.
    package mutating func diverged(_ reason: String) -> [Alert] {
        news([Alert(kind: .notFinite, message: reason, value: nil, limit: nil)])
    }

    private mutating func news(_ alerts: [Alert?]) -> [Alert] {
        alerts.compactMap { $0 }.filter { told.insert($0.kind).inserted }
    }

    private func mean(_ value: (StepMetrics) -> Double?) -> Double? {
        let values = recent.compactMap(value)
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    private func notFinite(_ metrics: StepMetrics) -> Alert? {
        let isFinite = metrics.loss.isFinite && metrics.gradNorm.isFinite
        guard !isFinite else { return nil }
        return Alert(
            kind: .notFinite,
            message: "step \(metrics.step) has the loss \(metrics.loss) and the gradient norm "
                + "\(metrics.gradNorm): lower the learning rate", value: nil, limit: nil)
    }

    private var saturated: Alert? {
        guard let value = mean(\.saturatedFraction), let limit = options.saturatedFraction,
            value > limit
        else { return nil }
        return Alert(
            kind: .saturated,
            message: "the gradient of \(Self.percent(value)) of the pairs has nearly vanished: a "
                + "lower KL penalty or fewer epochs leave more to learn", value: value, limit: limit
        )
    }

    private var starved: Alert? {
        guard let value = mean(\.identicalFraction), let limit = options.identicalFraction,
            value > limit
        else { return nil }
        return Alert(
            kind: .starved,
            message: "\(Self.percent(value)) of the generated responses are the actual ones, which "
                + "teach nothing: sample with a higher temperature, or stop here", value: value,
            limit: limit)
    }

    private var collapse: Alert? {
        guard let loss = mean(\.loss), let accuracy = mean(\.accuracy),
            let reward = mean(\.rewardsActualMean), let lossLimit = options.collapseLoss,
            let accuracyLimit = options.collapseAccuracy,
            loss < lossLimit, accuracy > accuracyLimit, reward < 0
        else { return nil }
        return Alert(
            kind: .collapse,
            message: "loss \(loss) and acc \(accuracy) look fine, but the actual responses became "
                + "less likely (reward \(reward)): a higher KL penalty, a lower learning rate or "
                + "sft_loss_weight hold the policy", value: reward, limit: 0)
    }

    private var kl: Alert? {
        guard let value = mean(\.rewardsGeneratedMean).map({ -$0 }), let limit = options.kl,
            value > limit
        else { return nil }
        return Alert(
            kind: .kl,
            message: "the policy is \(value) nats a response away from the reference policy",
            value: value, limit: limit)
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}
