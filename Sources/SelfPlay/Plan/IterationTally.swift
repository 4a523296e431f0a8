package import SpinDomain

/// What an iteration's record needs to remember of its steps; survives a restart in a checkpoint.
package struct IterationTally: Sendable, Equatable {
    package private(set) var startLoss: Double?
    /// Sums over the steps of the last quarter.
    private var count = 0
    private var loss = 0.0
    private var accuracy = 0.0
    private var margin = 0.0
    private var rewardActual = 0.0
    private var rewardGenerated = 0.0

    package init() {}

    package mutating func add(_ metrics: StepMetrics, in iteration: GamePlan.Iteration) {
        if startLoss == nil { startLoss = metrics.loss }
        let lastQuarter = iteration.endStep - max(1, iteration.steps / 4)
        guard metrics.step >= lastQuarter else { return }
        count += 1
        loss += metrics.loss
        accuracy += metrics.accuracy ?? 0
        margin += metrics.rewardsMarginMean ?? 0
        rewardActual += metrics.rewardsActualMean ?? 0
        rewardGenerated += metrics.rewardsGeneratedMean ?? 0
    }

    /// - Parameter isSpin: whether there are rewards.
    package func describe(_ record: inout IterationRecord, isSpin: Bool) {
        record.startLoss = startLoss
        guard count > 0 else { return }
        record.endLoss = loss / Double(count)
        guard isSpin else { return }
        record.endAccuracy = accuracy / Double(count)
        record.endMargin = margin / Double(count)
        record.endRewardsActualMean = rewardActual / Double(count)
        record.endRewardsGeneratedMean = rewardGenerated / Double(count)
    }

    package var json: JSONValue {
        [
            "start_loss": JSONValue(startLoss), "count": .integer(count), "loss": .number(loss),
            "accuracy": .number(accuracy), "margin": .number(margin),
            "reward_actual": .number(rewardActual), "reward_generated": .number(rewardGenerated),
        ]
    }

    /// Nil when a member is missing or of the wrong kind.
    package init?(json: JSONValue?) {
        guard let json, let count = json["count"]?.integer, let loss = json["loss"]?.double,
            let accuracy = json["accuracy"]?.double, let margin = json["margin"]?.double,
            let rewardActual = json["reward_actual"]?.double,
            let rewardGenerated = json["reward_generated"]?.double
        else { return nil }
        startLoss = json["start_loss"]?.double
        self.count = count
        self.loss = loss
        self.accuracy = accuracy
        self.margin = margin
        self.rewardActual = rewardActual
        self.rewardGenerated = rewardGenerated
    }
}
