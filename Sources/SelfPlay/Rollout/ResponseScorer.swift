package import SpinDomain
package import Transformer

/// Scores responses with the training kernels, several pairs side by side.
package struct ResponseScorer {
    private let pass: TrainingPass
    private let maskMode: SpinOptions.MaskMode
    private let pairsAtOnce: Int

    package init(decoder: Decoder, maskMode: SpinOptions.MaskMode, pairsAtOnce: Int) {
        pass = TrainingPass(decoder: decoder, gradients: nil, logitBudgetBytes: 0)
        self.maskMode = maskMode
        self.pairsAtOnce = pairsAtOnce
    }

    /// - Parameter betweenBatches: what it throws ends the scoring.
    package func sums(
        _ pairs: [TrainingPair], betweenBatches: () throws -> Void
    ) throws -> [PackedPairs.Sums] {
        let prefix = PromptPrefix.worthSharing(pairs)
        pass.share(prefix, keeping: false)
        var sums: [PackedPairs.Sums] = []
        for first in stride(from: 0, to: pairs.count, by: pairsAtOnce) {
            try betweenBatches()
            let batch = pairs[first..<min(first + pairsAtOnce, pairs.count)]
            let packed = PackedPairs(batch, maskMode: maskMode, afterShared: prefix.count)
            sums += packed.sums(pass.score(packed.rows, targets: packed.targets))
        }
        return sums
    }
}
