package import SpinDomain

/// The pairs of an iteration by their samples' index.
package struct PairTable {
    private var pairs: [Int: TrainingPair] = [:]

    package init(_ samples: [RolloutSample], truncated: SpinOptions.Truncated) {
        for sample in samples {
            pairs[sample.index] = TrainingPair(sample, truncated: truncated)
        }
    }

    /// For `method: sft`: a row's index is its sample's.
    package init(_ rows: [DataRow]) {
        for (index, row) in rows.enumerated() {
            pairs[index] = TrainingPair(prompt: row.prompt, actual: row.response)
        }
    }

    package func pair(at index: Int) throws -> TrainingPair {
        guard let pair = pairs[index] else {
            throw SpinError(.internal, "sample \(index) of the iteration was never drawn")
        }
        return pair
    }
}
