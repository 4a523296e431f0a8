package import SpinDomain
import Tensors
package import Transformer

/// Turns global batches of pairs into optimizer steps.
package final class Trainer {
    /// What a step is asked to do.
    package struct Batch {
        /// Counted over the whole job.
        package let step: Int
        package let pairs: [TrainingPair]
        package let learningRate: Double
        /// The policy has not changed since the iteration began, so it *is* the reference policy:
        /// D is 0 exactly, whatever rounding made of the stored log-probabilities.
        package let isReference: Bool

        package init(step: Int, pairs: [TrainingPair], learningRate: Double, isReference: Bool) {
            self.step = step
            self.pairs = pairs
            self.learningRate = learningRate
            self.isReference = isReference
        }
    }

    /// What a step came to.
    package struct StepResult {
        /// Of the pairs that count, in batch order.
        package var outcomes: [PairOutcome] = []
        /// Global norm before clipping.
        package var gradientNorm = 0.0
        package var tokens = 0
        /// Floating-point operations that the step's products needed.
        package var operations = 0.0
        /// Largest difference between stored and computed reference log-probabilities; only where
        /// the policy still is the reference policy.
        package var referenceDifference = 0.0
    }

    /// What a step spends its time on.
    package enum Phase: Sendable {
        case forward, backward, optimizer
    }

    /// Called when a phase begins; for who measures them.
    package var phaseBegan: ((Phase) -> Void)?

    /// Logits that a forward pass may keep for its backward pass.
    package static let logitBudgetBytes = 96 << 20
    /// Rows that pass through the model together: enough for matrix products to be fast, few enough
    /// for their activations to stay small beside weights, gradients and moments.
    package static let rowBudget = 512
    /// As PyTorch's `clip_grad_norm_`, which keeps the norm off zero.
    private static let clipEpsilon = 1e-6

    private let decoder: Decoder
    private let gradients: ParameterArena
    private let pass: TrainingPass
    private let optimizer: Optimizer
    private let microBatchSize: Int
    private let clip: Double?
    /// What is needed, for `StepResult.operations`.
    private let operations: FloatOperations

    package init(decoder: Decoder, optimizer: Optimizer, options: TrainOptions) {
        self.decoder = decoder
        self.optimizer = optimizer
        gradients = ParameterArena(decoder.weights.layout)
        pass = TrainingPass(
            decoder: decoder, gradients: gradients, logitBudgetBytes: Self.logitBudgetBytes)
        microBatchSize = options.microBatchSize
        clip = options.gradientClipVal
        operations = FloatOperations(decoder.configuration)
    }

    /// One optimizer step over a global batch; changes nothing when no pair of it counts.
    ///
    /// - Parameter betweenParts: called before each pass through the model; where it throws the
    ///   step is abandoned, and everything is as before it.
    /// - Throws: `diverged` before any weight has changed.
    package func step(
        _ batch: Batch, _ objective: Objective, betweenParts: () throws -> Void = {}
    ) throws -> StepResult {
        let counted = batch.pairs.filter { !$0.isDropped }
        var result = StepResult()
        guard !counted.isEmpty else { return result }

        gradients.buffer.zero(using: decoder.pool)
        let shared = share(counted, &result)
        let tokenCount = counted.reduce(0) { $0 + $1.actual.count }
        let whole = Whole(
            pairs: Double(counted.count),
            token: objective.sftWeight / Double(tokenCount), isReference: batch.isReference,
            sharedCount: shared)
        for first in stride(from: 0, to: batch.pairs.count, by: microBatchSize) {
            let last = min(first + microBatchSize, batch.pairs.count)
            let pairs = batch.pairs[first..<last].filter { !$0.isDropped }
            result.outcomes += try accumulate(pairs, objective, whole, &result, betweenParts)
        }
        if pass.backwardShared() { result.operations += operations.backward(prefix: shared) }
        result.tokens = counted.reduce(0) { $0 + $1.tokenCount }
        result.gradientNorm = try update(batch, result.outcomes)
        return result
    }

    /// What a micro-batch has to know of the whole batch.
    private struct Whole {
        /// What means over pairs are divided by.
        let pairs: Double
        /// Weight of an actual token's log-likelihood.
        let token: Double
        let isReference: Bool
        /// Tokens that every prompt begins with and that have passed already.
        let sharedCount: Int
    }

    /// Lets the tokens that all prompts begin with pass once for the whole step.
    ///
    /// - Returns: how many they are.
    private func share(_ pairs: [TrainingPair], _ result: inout StepResult) -> Int {
        let prefix = PromptPrefix.worthSharing(pairs)
        phaseBegan?(.forward)
        pass.share(prefix, keeping: true)
        result.operations += operations.forward(prefix: prefix.count)
        return prefix.count
    }

    /// Adds the gradients of one micro-batch.
    private func accumulate(
        _ pairs: [TrainingPair], _ objective: Objective, _ whole: Whole,
        _ result: inout StepResult, _ betweenParts: () throws -> Void
    ) throws -> [PairOutcome] {
        var outcomes = [PairOutcome?](repeating: nil, count: pairs.count)
        let needsAll = objective.sftWeight != 0
        // Without gradient: a pair of equal responses needs no backward pass.
        let idle = pairs.indices.filter { pairs[$0].isIdentical && !needsAll }
        let active = pairs.indices.filter { !pairs[$0].isIdentical || needsAll }
        let parts = [(active, true), (idle, false)].flatMap { indices, hasGradient in
            portions(indices, of: pairs, whole.sharedCount).map { ($0, hasGradient) }
        }
        for (indices, hasGradient) in parts {
            try betweenParts()
            let chosen = indices.map { pairs[$0] }
            let packed = PackedPairs(
                chosen, maskMode: objective.maskMode, afterShared: whole.sharedCount)
            phaseBegan?(.forward)
            let logps =
                hasGradient
                ? pass.forward(packed.rows, targets: packed.targets)
                : pass.score(packed.rows, targets: packed.targets)
            let sums = packed.sums(logps)
            let found = zip(chosen, sums).map {
                PairOutcome($0, $1, isReference: whole.isReference)
            }
            for (index, outcome) in zip(indices, found) { outcomes[index] = outcome }
            result.operations += operations.forward(packed.rows, packed.targets)
            if hasGradient && backward(packed, found, objective, whole) {
                result.operations += operations.backward(packed.rows, packed.targets)
            }
            if whole.isReference && objective.spin != nil {
                result.referenceDifference = zip(chosen, sums).reduce(result.referenceDifference) {
                    max($0, $1.0.referenceDifference($1.1))
                }
            }
        }
        return outcomes.compactMap(\.self)
    }

    /// Successive pairs that stay within the row budget together with what they share, or within the
    /// rows of the longest pair.
    private func portions(
        _ indices: [Int], of pairs: [TrainingPair], _ sharedCount: Int
    ) -> [[Int]] {
        let budget = max(Self.rowBudget, indices.map { pairs[$0].tokenCount }.max() ?? 0)
        var portions: [[Int]] = []
        var rows = 0
        for index in indices {
            let count = pairs[index].tokenCount - sharedCount
            if portions.isEmpty || rows + count > budget {
                portions.append([])
                rows = sharedCount
            }
            portions[portions.count - 1].append(index)
            rows += count
        }
        return portions
    }

    /// - Returns: whether the pairs have a gradient.
    private func backward(
        _ packed: PackedPairs, _ outcomes: [PairOutcome], _ objective: Objective, _ whole: Whole
    ) -> Bool {
        let pairScales = outcomes.map { outcome in
            (objective.spin?.gradientScale(margin: outcome.margin) ?? 0) / whole.pairs
        }
        let weights = packed.weights(pairScales: pairScales, tokenScale: whole.token)
        // All zero: every pair is saturated, or the hinge is closed.
        guard weights.contains(where: { $0 != 0 }) else { return false }
        phaseBegan?(.backward)
        pass.backward(weights: weights)
        return true
    }

    /// Clips, checks and applies the gradients; returns their norm before clipping.
    private func update(_ batch: Batch, _ outcomes: [PairOutcome]) throws -> Double {
        phaseBegan?(.optimizer)
        for outcome in outcomes {
            let sum = outcome.logpActual + outcome.logpGenerated + outcome.actualLogLikelihood
            guard sum.isFinite else { throw SpinError.notFinite("the loss", batch.step) }
        }
        let squares = VectorOperations.sumOfSquares(
            gradients.buffer, using: decoder.pool)
        guard squares.isFinite else { throw SpinError.notFinite("the gradient norm", batch.step) }
        let norm = squares.squareRoot()
        let scale = clip.map { min(1, $0 / (norm + Self.clipEpsilon)) } ?? 1
        optimizer.update(
            decoder.weights, gradients: gradients, learningRate: batch.learningRate,
            gradientScale: scale)
        return norm
    }
}

extension TrainingPair {
    /// How far stored reference log-probabilities are from newly computed ones.
    package func referenceDifference(_ sums: PackedPairs.Sums) -> Double {
        max(abs(referenceActual - sums.actual), abs(referenceGenerated - sums.generated))
    }
}

extension SpinError {
    fileprivate static func notFinite(_ what: String, _ step: Int) -> SpinError {
        SpinError(
            .diverged, "\(what) of step \(step) is not finite",
            hint: "lower the learning rate, raise warmup_steps, or set gradient_clip_val")
    }
}
