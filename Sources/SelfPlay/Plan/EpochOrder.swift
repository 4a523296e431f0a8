import Tensors

/// The order in which one epoch goes over its pairs; the same after a restart.
package struct EpochOrder: Sendable {
    /// Rollouts use streams (iteration, epoch, row); no row has this number.
    private static let shuffleStream = UInt32.max

    private let order: [Int]
    private let batchSize: Int

    package init(seed: UInt64, iteration: Int, epoch: Int, pairs: Int, batchSize: Int) {
        let random = CounterRandom(
            seed: seed, stream: (UInt32(iteration), UInt32(epoch), Self.shuffleStream))
        order = random.permutation(of: pairs)
        self.batchSize = batchSize
    }

    /// The pairs of a step of the epoch; an incomplete last batch is never asked for.
    package func batch(_ step: Int) -> ArraySlice<Int> {
        order[step * batchSize..<(step + 1) * batchSize]
    }
}

extension GamePlan {
    package func order(_ iteration: Iteration, epoch: Int, seed: UInt64) -> EpochOrder {
        EpochOrder(
            seed: seed, iteration: iteration.index, epoch: epoch, pairs: iteration.pairs,
            batchSize: globalBatchSize)
    }

    /// The own samples an iteration has to draw, ascending.
    ///
    /// All, unless limits keep some pairs from ever being trained on and no later iteration mixes
    /// them in: what no step sees need not be generated.
    package func samplesToDraw(_ iteration: Iteration, seed: UInt64, areReused: Bool) -> [Int] {
        guard iteration.isLimited, !areReused else { return Array(0..<ownSamples) }
        var used = Set<Int>()
        for step in 0..<iteration.steps {
            let (epoch, stepInEpoch) = step.quotientAndRemainder(
                dividingBy: iteration.stepsPerEpoch)
            if stepInEpoch == 0 {
                let order = order(iteration, epoch: epoch, seed: seed)
                let steps = min(iteration.stepsPerEpoch, iteration.steps - step)
                for batch in 0..<steps {
                    used.formUnion(order.batch(batch).map { sample(pair: $0, epoch: epoch) })
                }
            }
        }
        return used.filter { $0 < ownSamples }.sorted()
    }
}
