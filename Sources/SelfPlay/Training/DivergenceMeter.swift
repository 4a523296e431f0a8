import SpinDomain
package import Transformer

/// How far a policy is from its reference policy along the responses of some pairs.
package struct DivergenceMeter {
    private let pass: DivergencePass
    private let pairsAtOnce: Int

    package init(policy: Decoder, reference: Decoder, pairsAtOnce: Int) {
        pass = DivergencePass(policy: policy, reference: reference)
        self.pairsAtOnce = pairsAtOnce
    }

    /// Of each pair, in nats, summed over each of its responses.
    ///
    /// - Parameter betweenBatches: what it throws ends the measuring.
    package func sums(
        _ pairs: [TrainingPair], betweenBatches: () throws -> Void
    ) throws -> [PackedPairs.Sums] {
        let prefix = PromptPrefix.worthSharing(pairs)
        pass.share(prefix)
        var sums: [PackedPairs.Sums] = []
        for first in stride(from: 0, to: pairs.count, by: pairsAtOnce) {
            try betweenBatches()
            let batch = pairs[first..<min(first + pairsAtOnce, pairs.count)]
            let packed = PackedPairs(batch, maskMode: .exact, afterShared: prefix.count)
            // Where the responses part, two targets stand in one row.
            let rows = Set(packed.targets.map(\.row)).sorted()
            let divergences = Dictionary(
                uniqueKeysWithValues: zip(rows, pass.divergences(packed.rows, after: rows)))
            sums += packed.sums(packed.targets.map { divergences[$0.row, default: 0] })
        }
        return sums
    }
}
