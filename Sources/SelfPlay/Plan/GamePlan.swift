package import SpinDomain

/// How many pairs and steps every iteration has; a pure function of configuration and row count.
package struct GamePlan: Sendable, Equatable {
    package struct Iteration: Sendable, Equatable {
        package let index: Int
        /// Pairs an epoch goes over: one a row, and again as many when earlier pairs are mixed in.
        package let pairs: Int
        package let stepsPerEpoch: Int
        package let firstStep: Int
        /// Of all its epochs; fewer than epochs · `stepsPerEpoch` when `max_steps` ends the job.
        package let steps: Int
        /// Whether limits cut its epochs short, so that some pairs are never trained on.
        package let isLimited: Bool

        package var endStep: Int { firstStep + steps }
    }

    /// Rows of the prepared data set.
    package let rows: Int
    package let globalBatchSize: Int
    /// How often each prompt is answered in an iteration: once, or once an epoch.
    package let draws: Int
    package let iterations: [Iteration]

    /// Without iterations when the rows do not fill one batch.
    package init(_ configuration: JobConfiguration, rows: Int) {
        let spin = configuration.spin
        let train = configuration.train
        let isSpin = configuration.method == .spin
        self.rows = rows
        globalBatchSize = train.globalBatchSize
        draws = isSpin && spin.regenerate == .epoch ? spin.maxEpochs : 1
        var iterations: [Iteration] = []
        var step = 0
        for index in 0..<spin.maxIterations {
            let sources = isSpin ? 1 + min(index, spin.previousIterations) : 1
            let fullBatches = rows * sources / train.globalBatchSize
            let stepsPerEpoch = train.limitTrainBatches.steps(of: fullBatches)
            let wanted = stepsPerEpoch * spin.maxEpochs
            let steps = min(wanted, (train.maxSteps ?? .max) - step)
            guard steps > 0 else { break }
            iterations.append(
                Iteration(
                    index: index, pairs: rows * sources, stepsPerEpoch: stepsPerEpoch,
                    firstStep: step, steps: steps,
                    isLimited: stepsPerEpoch < fullBatches || steps < wanted))
            step += steps
        }
        self.iterations = iterations
    }

    package var totalSteps: Int { iterations.last?.endStep ?? 0 }

    /// Samples that an iteration's own rollout draws, at most.
    package var ownSamples: Int { rows * draws }

    /// The sample that stands for a pair in an epoch: own pairs first, then those mixed in.
    package func sample(pair: Int, epoch: Int) -> Int {
        let source = pair / rows
        let draw = draws == 1 ? 0 : epoch
        return source * ownSamples + draw * rows + pair % rows
    }
}
