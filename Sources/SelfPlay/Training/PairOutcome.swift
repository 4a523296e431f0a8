package import SpinDomain

/// What one pair came to in a step, before the step changed the policy.
package struct PairOutcome: Sendable {
    package var logpActual: Double
    package var logpGenerated: Double
    /// s(y) and s(y′): policy minus reference, not scaled by β.
    package var rewardActual: Double
    package var rewardGenerated: Double
    /// Over every actual token.
    package var actualLogLikelihood: Double
    package var actualTokens: Int
    package var generatedTokens: Int
    package var isIdentical: Bool

    package init(_ pair: TrainingPair, _ sums: PackedPairs.Sums, isReference: Bool) {
        logpActual = sums.actual
        logpGenerated = sums.generated
        rewardActual = isReference ? 0 : sums.actual - pair.referenceActual
        rewardGenerated = isReference ? 0 : sums.generated - pair.referenceGenerated
        actualLogLikelihood = sums.allActual
        actualTokens = pair.actual.count
        generatedTokens = pair.generated.count
        isIdentical = pair.isIdentical
    }

    /// D, the difference of both rewards.
    package var margin: Double { isIdentical ? 0 : rewardActual - rewardGenerated }
}

/// What a step optimises.
package struct Objective: Sendable {
    /// Nil for `method: sft`.
    package var spin: SpinLoss?
    /// Weight of the token-mean negative log-likelihood of the actual responses.
    package var sftWeight: Double
    package var maskMode: SpinOptions.MaskMode

    package init(spin: SpinLoss?, sftWeight: Double, maskMode: SpinOptions.MaskMode) {
        self.spin = spin
        self.sftWeight = sftWeight
        self.maskMode = maskMode
    }

    /// The objective of an iteration.
    package init(_ configuration: JobConfiguration, iteration: Int) {
        let spin = configuration.spin
        switch configuration.method {
        case .spin:
            self.init(
                spin: SpinLoss(
                    spin.loss, klPenalty: spin.refPolicyKLPenalty.value(iteration: iteration)),
                sftWeight: spin.sftLossWeight, maskMode: spin.maskMode)
        case .sft: self.init(spin: nil, sftWeight: 1, maskMode: .exact)
        }
    }
}

extension StepMetrics {
    /// Fills in everything that is a mean over the pairs of a step.
    ///
    /// A step of which no pair counts reports the loss at D = 0.
    package mutating func describe(_ outcomes: [PairOutcome], _ objective: Objective) {
        let tokens = outcomes.reduce(0) { $0 + $1.actualTokens }
        let logLikelihood = outcomes.reduce(0) { $0 + $1.actualLogLikelihood }
        sftLoss = tokens == 0 ? 0 : -logLikelihood / Double(tokens)
        guard let spin = objective.spin else { return loss = sftLoss }

        loss = mean(outcomes) { spin.value(margin: $0.margin) } ?? spin.value(margin: 0)
        klPenalty = spin.klPenalty
        // β > 0, so β·s(y) > β·s(y′) is D > 0, which knows that equal responses are a tie.
        accuracy = mean(outcomes) { $0.margin > 0 ? 1 : 0 }
        rewardsActualMean = mean(outcomes, \.rewardActual)
        rewardsGeneratedMean = mean(outcomes, \.rewardGenerated)
        rewardsMarginMean = mean(outcomes, \.margin)
        let rewards = outcomes.map(\.rewardActual) + outcomes.map(\.rewardGenerated)
        rewardsAllMean = mean(rewards, \.self)
        rewardsAllStd = unbiasedStandardDeviation(rewards)
        logpsActualMean = mean(outcomes, \.logpActual)
        logpsGeneratedMean = mean(outcomes, \.logpGenerated)
        avgGeneratedLengths = mean(outcomes) { Double($0.generatedTokens) }
        saturatedFraction = mean(outcomes) { spin.isSaturated(margin: $0.margin) ? 1 : 0 }
        identicalFraction = mean(outcomes) { $0.isIdentical ? 1 : 0 }
    }

    /// Nil of nothing.
    private func mean<Element>(_ elements: [Element], _ value: (Element) -> Double) -> Double? {
        guard !elements.isEmpty else { return nil }
        return elements.reduce(0) { $0 + value($1) } / Double(elements.count)
    }

    /// 0 of fewer than two.
    private func unbiasedStandardDeviation(_ values: [Double]) -> Double? {
        guard let mean = mean(values, \.self) else { return nil }
        guard values.count > 1 else { return 0 }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }
}
