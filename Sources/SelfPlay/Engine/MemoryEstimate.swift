package import SpinDomain
package import Transformer

/// An upper bound of the memory a run needs: the larger of its two phases.
package struct MemoryEstimate: Sendable, Equatable {
    /// Weights, gradients, moments.
    package let fixedBytes: Int
    package let trainingBytes: Int
    package let rolloutBytes: Int

    /// The lengths that memory depends on, in tokens.
    package struct Lengths: Sendable {
        /// The largest sum of prompt, actual response and budget over the pairs that pass through the
        /// model together.
        package var microBatch: Int
        /// Longest prompt with its actual response or its budget.
        package var slot: Int
        package var longestRow: Int

        package init(microBatch: Int, slot: Int, longestRow: Int) {
            self.microBatch = microBatch
            self.slot = slot
            self.longestRow = longestRow
        }
    }

    private static let floatBytes = MemoryLayout<Float>.size

    package init(
        _ decoder: DecoderConfiguration, _ configuration: JobConfiguration, _ lengths: Lengths
    ) {
        let weights = ParameterLayout(decoder).count * Self.floatBytes
        let moments = Optimizer.momentNames(configuration.optim).count * weights
        let spin = configuration.spin
        fixedBytes = 2 * weights + moments
        trainingBytes =
            fixedBytes + Self.activationBytes(decoder, rows: lengths.microBatch, isKept: true)
            + Self.sharedKeysBytes(decoder, tokens: lengths.longestRow) + Trainer.logitBudgetBytes
        guard configuration.method == .spin else {
            rolloutBytes = 0
            return
        }
        let cache =
            2 * decoder.layers * decoder.keyValueChannels * lengths.slot
            * spin.rolloutMicroBatchSize
        let logits = 2 * decoder.vocabularySize * spin.rolloutMicroBatchSize
        // The weights and their packed copy.
        rolloutBytes =
            2 * weights + (spin.offloadAdamStates ? 0 : moments) + (cache + logits)
            * Self.floatBytes
            + Self.activationBytes(
                decoder, rows: max(Rollout.prefillRows, lengths.longestRow), isKept: false)
    }

    package var bytes: Int { max(trainingBytes, rolloutBytes) }

    /// Keys and values that prompts share, and their gradients.
    private static func sharedKeysBytes(_ decoder: DecoderConfiguration, tokens: Int) -> Int {
        2 * decoder.layers * tokens * 2 * decoder.keyValueChannels * floatBytes
    }

    /// As `Transformer` lays them out, with the temporaries of one layer.
    private static func activationBytes(
        _ decoder: DecoderConfiguration, rows: Int, isKept: Bool
    ) -> Int {
        let channels = decoder.channels
        let projections = decoder.queryChannels + 2 * decoder.keyValueChannels
        let isGated: Bool
        if case .gated = decoder.feedForward { isGated = true } else { isGated = false }
        let inner = decoder.feedForwardChannels * (isGated ? 2 : 1)
        let layer =
            2 * channels + projections + (decoder.queryKeyNorm ? projections : 0)
            + decoder.queryChannels + decoder.heads + inner
        let temporary =
            3 * channels + decoder.feedForwardChannels + projections + decoder.queryChannels
        return rows * (layer * (isKept ? decoder.layers : 1) + temporary) * floatBytes
    }
}
