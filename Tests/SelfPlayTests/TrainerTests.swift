import Foundation
import ModelFiles
import SelfPlay
import SpinDomain
import Tensors
import Testing
import Transformer

@Suite struct TrainerTests {
    /// Gradients of float32 products in two different orders, relative to their norm.
    private static let gradientTolerance = 1e-4

    private func sample(
        _ prompt: [Int32], _ actual: [Int32], _ generated: [Int32],
        references: (Double, Double) = (0, 0),
        stop: RolloutSample.StopReason = .stopToken
    ) -> RolloutSample {
        RolloutSample(
            iteration: 0, index: 0, epoch: 0, sourceIteration: 0, row: 0, promptIDs: prompt,
            actualIDs: actual, generatedIDs: generated, referenceLogpActual: references.0,
            referenceLogpGenerated: references.1, stopReason: stop)
    }

    private func pairs(_ samples: [RolloutSample], _ truncated: SpinOptions.Truncated = .keep)
        -> [TrainingPair]
    {
        samples.map { TrainingPair($0, truncated: truncated) }
    }

    private var samples: [RolloutSample] {
        [
            sample([1, 5, 6], [7, 8, 2], [9, 10, 2]),
            sample([1, 9], [7, 8, 11, 2], [7, 8, 4, 4], stop: .length),
            sample([1], [12, 2], [3, 30, 31, 2]), sample([1, 20], [21, 2], [22]),
        ]
    }

    /// Σ weight · ∇NLL, each sequence packed alone.
    private func naiveGradient(
        _ decoder: Decoder, _ terms: [(prompt: [Int32], response: [Int32], weight: Double)]
    ) -> ParameterArena {
        let gradients = ParameterArena(decoder.weights.layout)
        let pass = TrainingPass(decoder: decoder, gradients: gradients)
        for term in terms {
            let tokens = term.prompt + term.response
            var rows = PackedRows()
            rows.append(tokens)
            let targets = term.response.indices.map {
                ScoredTarget(row: term.prompt.count - 1 + $0, token: term.response[$0])
            }
            _ = pass.forward(rows, targets: targets)
            // d NLL / d log-probability = −1
            pass.backward(
                weights: [Float](repeating: Float(-term.weight), count: targets.count))
        }
        return gradients
    }

    private func norm(_ arena: ParameterArena) -> Double {
        arena.buffer.array.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    @Test(arguments: [1, 2, 4])
    func gradientIsThePenaltyHalvedTimesTheDifferenceOfLikelihoodGradients(micro: Int) throws {
        let decoder = TinyModel.makeDecoder()
        let klPenalty = 0.4
        // Policy = reference: c = β/2 for every pair, averaged over four pairs.
        let scale = klPenalty / 2 / 4
        let expected = naiveGradient(
            decoder,
            samples.flatMap {
                [($0.promptIDs, $0.actualIDs, scale), ($0.promptIDs, $0.generatedIDs, -scale)]
            })
        let result = try step(decoder, pairs(samples), klPenalty: klPenalty, micro: micro)
        let expectedNorm = norm(expected)
        #expect(abs(result.gradientNorm - expectedNorm) < Self.gradientTolerance * expectedNorm)
    }

    @Test(arguments: [1, 2, 4])
    func promptsThatBeginAlikeHaveTheSameGradient(micro: Int) throws {
        let beginning = (0..<30).map { Int32(3 + $0 % 7) }
        let alike = samples.map {
            sample(beginning + $0.promptIDs, $0.actualIDs, $0.generatedIDs)
        }
        #expect(PromptPrefix.worthSharing(pairs(alike)).count == beginning.count - 1)
        let decoder = TinyModel.makeDecoder()
        let scale = 0.4 / 2 / 4
        let expected = naiveGradient(
            decoder,
            alike.flatMap {
                [($0.promptIDs, $0.actualIDs, scale), ($0.promptIDs, $0.generatedIDs, -scale)]
            })
        let result = try step(decoder, pairs(alike), klPenalty: 0.4, micro: micro)
        let expectedNorm = norm(expected)
        #expect(abs(result.gradientNorm - expectedNorm) < Self.gradientTolerance * expectedNorm)
    }

    @Test func aMicroBatchOfMoreRowsThanPassTogetherHasTheSameGradient() throws {
        // The mean over a batch does not change when every pair is there many times.
        let many = pairs([[RolloutSample]](repeating: samples, count: 40).flatMap(\.self))
        #expect(many.reduce(0) { $0 + $1.tokenCount } > 2 * Trainer.rowBudget)
        let few = try step(TinyModel.makeDecoder(), pairs(samples))
        let result = try step(TinyModel.makeDecoder(), many, micro: many.count)
        #expect(result.outcomes.count == many.count)
        #expect(
            abs(result.gradientNorm - few.gradientNorm)
                < Self.gradientTolerance * few.gradientNorm)
    }

    @Test(arguments: [1, 2])
    func anAbandonedStepLeavesEverythingAsItWas(parts: Int) throws {
        struct Abandoned: Error {}
        func norms(abandoning: Bool) throws -> (gradient: Double, weights: Double) {
            let decoder = TinyModel.makeDecoder()
            var options = TrainOptions()
            options.microBatchSize = 2
            let trainer = Trainer(
                decoder: decoder,
                optimizer: Optimizer(
                    OptimizerOptions(), layout: decoder.weights.layout, pool: decoder.pool),
                options: options)
            let batch = Trainer.Batch(
                step: 0, pairs: pairs(samples), learningRate: 1e-3, isReference: true)
            let objective = Objective(
                spin: SpinLoss(.sigmoid, klPenalty: 0.1), sftWeight: 0, maskMode: .exact)
            if abandoning {
                let before = norm(decoder.weights)
                var begun = 0
                #expect(throws: Abandoned.self) {
                    try trainer.step(batch, objective) {
                        begun += 1
                        if begun == parts { throw Abandoned() }
                    }
                }
                #expect(norm(decoder.weights) == before)
            }
            return (try trainer.step(batch, objective).gradientNorm, norm(decoder.weights))
        }
        #expect(try norms(abandoning: true) == norms(abandoning: false))
    }

    private func step(
        _ decoder: Decoder, _ pairs: [TrainingPair], klPenalty: Double = 0.1, micro: Int = 2,
        isReference: Bool = true, clip: Double? = nil, sftWeight: Double = 0,
        loss: SpinOptions.Loss = .sigmoid, learningRate: Double = 1e-3,
        optim: OptimizerOptions = OptimizerOptions()
    ) throws -> Trainer.StepResult {
        var options = TrainOptions()
        options.microBatchSize = micro
        options.gradientClipVal = clip
        let optimizer = Optimizer(
            optim, layout: decoder.weights.layout, pool: decoder.pool)
        let trainer = Trainer(decoder: decoder, optimizer: optimizer, options: options)
        return try trainer.step(
            .init(step: 0, pairs: pairs, learningRate: learningRate, isReference: isReference),
            Objective(
                spin: SpinLoss(loss, klPenalty: klPenalty), sftWeight: sftWeight, maskMode: .exact))
    }

    @Test func firstStepHasLossLogTwoAndNoRewards() throws {
        let result = try step(TinyModel.makeDecoder(), pairs(samples))
        var metrics = StepMetrics(
            step: 0, iteration: 0, epoch: 0, loss: 0, sftLoss: 0, gradNorm: 0, learningRate: 0,
            consumedSamples: 4, stepTime: 0, tokensPerSecond: 0)
        metrics.describe(
            result.outcomes,
            Objective(spin: SpinLoss(.sigmoid, klPenalty: 0.1), sftWeight: 0, maskMode: .exact))
        #expect(abs(metrics.loss - log(2)) < 1e-12)
        #expect(metrics.accuracy == 0)
        #expect(metrics.rewardsActualMean == 0)
        #expect(metrics.rewardsMarginMean == 0)
        #expect(metrics.avgGeneratedLengths == 3)  // (3 + 4 + 4 + 1) / 4
        #expect(result.outcomes.map(\.actualTokens) == [3, 4, 2, 2])
        // References of 0 are as far off as the log-probabilities are.
        #expect(result.referenceDifference > 1)
    }

    @Test func swappingTheResponsesTurnsTheMarginRound() throws {
        let decoder = TinyModel.makeDecoder()
        let one = sample([1, 5], [7, 8, 2], [9, 2], references: (-9, -4))
        let other = sample([1, 5], [9, 2], [7, 8, 2], references: (-4, -9))
        let first = try step(decoder, pairs([one]), isReference: false, learningRate: 1e-30)
        let second = try step(decoder, pairs([other]), isReference: false, learningRate: 1e-30)
        #expect(abs(first.outcomes[0].margin + second.outcomes[0].margin) < 1e-4)
        #expect(abs(first.outcomes[0].margin) > 0.1)
    }

    @Test func identicalPairsHaveALossButNoGradient() throws {
        let decoder = TinyModel.makeDecoder()
        let same = sample([1, 5], [7, 8, 2], [7, 8, 2], references: (-3, -3))
        let alone = try step(decoder, pairs([same]), isReference: false)
        #expect(alone.gradientNorm == 0)
        #expect(alone.outcomes[0].margin == 0)
        // With an SFT term it pulls all the same.
        let withTerm = try step(
            TinyModel.makeDecoder(), pairs([same]), isReference: false, sftWeight: 1)
        let expected = norm(
            naiveGradient(TinyModel.makeDecoder(), [([1, 5], [7, 8, 2], 1.0 / 3)]))
        #expect(abs(withTerm.gradientNorm - expected) < Self.gradientTolerance * expected)
    }

    @Test func droppedPairsLeaveEveryMean() throws {
        let dropped = try step(TinyModel.makeDecoder(), pairs(samples, .dropPair))
        let without = samples.filter { $0.stopReason != .length }
        let expected = try step(TinyModel.makeDecoder(), pairs(without), micro: 3)
        #expect(dropped.outcomes.count == 3)
        #expect(
            abs(dropped.gradientNorm - expected.gradientNorm) < Self.gradientTolerance
                * expected.gradientNorm)
    }

    @Test func aBatchOfDroppedPairsChangesNothing() throws {
        let decoder = TinyModel.makeDecoder()
        let before = decoder.weights.buffer.array
        let cut = sample([1, 5], [7, 2], [8, 9], stop: .length)
        let result = try step(decoder, pairs([cut, cut], .dropPair))
        #expect(result.outcomes.isEmpty)
        #expect(decoder.weights.buffer.array == before)
    }

    @Test func closedHingePullsNoMore() throws {
        // The stored references make s(y) large and s(y′) small.
        let won = sample([1, 5], [7, 8, 2], [9, 2], references: (-100, 0))
        func result(_ loss: SpinOptions.Loss) throws -> Trainer.StepResult {
            try step(
                TinyModel.makeDecoder(), pairs([won]), klPenalty: 1, isReference: false, loss: loss)
        }
        let closed = try result(.hinge)
        #expect(closed.gradientNorm == 0)
        #expect(closed.outcomes[0].margin > 1)
        // A forward pass alone.
        #expect(try 3 * closed.operations == result(.sigmoid).operations)
    }

    /// With a huge ε AdamW's first update is lr · g / ε: proportional to the clipped gradient.
    @Test func clippingScalesTheUpdateAndReportsTheNormBefore() throws {
        var optim = OptimizerOptions()
        optim.eps = 1e6
        func change(clip: Double?) throws -> (norm: Double, length: Double) {
            let decoder = TinyModel.makeDecoder()
            let before = decoder.weights.buffer.array
            let result = try step(
                decoder, pairs(samples), clip: clip, learningRate: 1e5, optim: optim)
            let squares = zip(before, decoder.weights.buffer.array).reduce(0.0) {
                $0 + Double($1.1 - $1.0) * Double($1.1 - $1.0)
            }
            return (result.gradientNorm, squares.squareRoot())
        }
        let free = try change(clip: nil)
        let clipped = try change(clip: free.norm / 4)
        #expect(free.norm == clipped.norm)
        // Weights of about 0.25 round to 1.5e-8; the changes are a thousand times larger.
        #expect(abs(clipped.length - free.length / 4) < 1e-3 * free.length)
        let wide = try change(clip: free.norm * 2)
        #expect(wide.length == free.length)
    }

    @Test func whatIsNotFiniteEndsTheRunBeforeAWeightChanges() throws {
        let decoder = TinyModel.makeDecoder()
        // An embedding that only a generated response uses.
        let layout = decoder.weights.layout
        let embedding = try #require(layout[.tokenEmbedding])
        decoder.weights.buffer.pointer[embedding.offset + 9 * embedding.shape[1]] = .nan
        let before = decoder.weights.buffer.array.map(\.bitPattern)
        let error = #expect(throws: SpinError.self) {
            try step(decoder, pairs(samples))
        }
        #expect(error?.code == .diverged)
        #expect(error?.message.contains("step 0") == true)
        #expect(decoder.weights.buffer.array.map(\.bitPattern) == before)
    }
}
