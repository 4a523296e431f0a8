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

    /// At most `count` of the pairs with an index below `end`, evenly among them.
    package func spread(_ count: Int, below end: Int) -> [TrainingPair] {
        let indices = pairs.keys.filter { $0 < end }.sorted()
        let count = min(count, indices.count)
        return (0..<count).compactMap { pairs[indices[$0 * indices.count / count]] }
    }

    package func pair(at index: Int) throws -> TrainingPair {
        guard let pair = pairs[index] else {
            throw SpinError(.internal, "sample \(index) of the iteration was never drawn")
        }
        return pair
    }
}
