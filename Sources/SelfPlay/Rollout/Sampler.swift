import CKernels
package import SpinDomain
package import Tensors

/// Draws the next token of a sequence from its logits.
///
/// In this order: stop tokens are banned while the response is too short; the repetition penalty;
/// greedy choice, or temperature, top-k, top-p over what is left, and an inverse-CDF draw.
package struct Sampler: Sendable {
    package struct Draw: Sendable {
        package var token: Int32
        /// Natural log-probability under the plain model: no temperature, filter, penalty or ban.
        package var logProbability: Double
    }

    private let options: SamplingOptions
    private let minLength: Int
    private let stopTokens: [Int32]
    package let vocabularySize: Int

    package init(
        _ options: SamplingOptions, minLength: Int, stopTokens: [Int32], vocabularySize: Int
    ) {
        self.options = options
        self.minLength = minLength
        self.stopTokens = stopTokens
        self.vocabularySize = vocabularySize
    }

    /// Whether `draw` wants to know the tokens that the sequence has already.
    package var needsSeenTokens: Bool { options.repetitionPenalty != 1 }

    /// - Parameters:
    ///   - logits: `[vocab]`, left as they are.
    ///   - position: how many tokens the response has already.
    ///   - seen: the sequence's distinct tokens; only for the repetition penalty.
    ///   - scratch: `[vocab]`
    /// - Returns: a log-probability that is not finite when the logits are not.
    package func draw(
        _ logits: UnsafePointer<Float>, position: Int, seen: [Int32], random: CounterRandom,
        scratch: UnsafeMutablePointer<Float>
    ) -> Draw {
        var largest: Float = 0
        var logSumExp = 0.0
        spind_logits_statistics(logits, vocabularySize, &largest, &logSumExp)
        guard logSumExp.isFinite else { return Draw(token: 0, logProbability: .nan) }

        var source = logits
        let isTooShort = position < minLength && !stopTokens.isEmpty
        if isTooShort || (needsSeenTokens && !seen.isEmpty) {
            scratch.update(from: logits, count: vocabularySize)
            if isTooShort { ban(in: scratch) }
            if needsSeenTokens { penalize(seen, in: scratch) }
            source = UnsafePointer(scratch)
            largest = scratch[spind_logits_argmax(scratch, vocabularySize)]
        }
        let token =
            options.useGreedy
            ? spind_logits_argmax(source, vocabularySize)
            : choose(source, largest, scratch, random.uniform(at: UInt32(position)))
        guard token >= 0 else { return Draw(token: 0, logProbability: .nan) }
        return Draw(token: Int32(token), logProbability: Double(logits[token]) - logSumExp)
    }

    private func ban(in logits: UnsafeMutablePointer<Float>) {
        for token in stopTokens { logits[Int(token)] = -.infinity }
    }

    /// Divides positive logits and multiplies negative ones (Keskar et al., "CTRL", section 4.1,
    /// in the form that treats both signs alike).
    private func penalize(_ seen: [Int32], in logits: UnsafeMutablePointer<Float>) {
        let penalty = Float(options.repetitionPenalty)
        for token in seen {
            let logit = logits[Int(token)]
            logits[Int(token)] = logit > 0 ? logit / penalty : logit * penalty
        }
    }

    private func choose(
        _ logits: UnsafePointer<Float>, _ largest: Float, _ weights: UnsafeMutablePointer<Float>,
        _ uniform: Double
    ) -> Int {
        let sharpness = Float(1 / options.temperature)
        _ = spind_logits_exponentiate(logits, vocabularySize, largest, sharpness, weights)
        if (1..<vocabularySize).contains(options.topK) {
            spind_weights_keep_largest(weights, vocabularySize, options.topK)
        }
        if options.topP < 1 { spind_weights_keep_nucleus(weights, vocabularySize, options.topP) }
        return spind_weights_draw(weights, vocabularySize, uniform)
    }
}
