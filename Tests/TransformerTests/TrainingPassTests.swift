import Tensors
import Testing
import Transformer

@Suite struct TrainingPassTests {
    @Test(arguments: Variant.all)
    func logProbabilitiesEqualTheNaiveDecoders(_ variant: Variant) {
        let decoder = variant.decoder()
        let batch = Batch(vocabulary: variant.configuration.vocabularySize)
        let fast = TrainingPass(decoder: decoder, gradients: nil)
            .forward(batch.rows, targets: batch.targets)
        let naive = batch.logProbabilities(NaiveDecoder(decoder.configuration, decoder.weights))
        expectClose(fast, naive)
    }

    @Test func longSegmentsEqualTheNaiveDecoders() {
        let decoder = Variant.llama.decoder()
        let batch = Batch(vocabulary: decoder.configuration.vocabularySize, long: true)
        let fast = TrainingPass(decoder: decoder, gradients: nil)
            .score(batch.rows, targets: batch.targets)
        let naive = batch.logProbabilities(NaiveDecoder(decoder.configuration, decoder.weights))
        expectClose(fast, naive)
    }

    @Test(arguments: Variant.all)
    func gradientsEqualFiniteDifferences(_ variant: Variant) {
        // The naive decoder in double precision: truncation is about the square of the step.
        let step = 1e-4
        let decoder = variant.decoder()
        let gradients = ParameterArena(decoder.weights.layout)
        let batch = Batch(vocabulary: variant.configuration.vocabularySize)
        train(decoder, gradients, batch)

        let naive = NaiveDecoder(decoder.configuration, decoder.weights)
        var random = SplitMix(state: 3)
        for entry in gradients.layout.entries {
            let places = entry.offset..<entry.offset + entry.count
            let direction = places.map { _ in Double(random.symmetric()) }
            let norm = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            var above = naive
            var below = naive
            for (place, value) in zip(places, direction) {
                above.parameters[place] += step * value / norm
                below.parameters[place] -= step * value / norm
            }
            let expected = (batch.loss(above) - batch.loss(below)) / (2 * step)
            let gradient = places.map { Double(gradients.buffer.pointer[$0]) }
            let found = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 } / norm
            let size = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(
                abs(found - expected) <= Tolerance.gradient * max(size, 0.1),
                "\(entry.name): \(found), not \(expected), of \(size)")
        }
    }

    @Test func aSharedPromptEqualsSeparateSequences() {
        let decoder = Variant.all[1].decoder()
        let shared = Batch(vocabulary: decoder.configuration.vocabularySize, long: true)
        var separateFamilies: [Batch.Family] = []
        for family in shared.families {
            for response in family.responses {
                separateFamilies.append(.init(prompt: family.prompt, responses: [response]))
            }
        }
        let separate = Batch(separateFamilies)
        let sharedGradients = ParameterArena(decoder.weights.layout)
        let separateGradients = ParameterArena(decoder.weights.layout)
        let sharedLogs = train(decoder, sharedGradients, shared)
        let separateLogs = train(decoder, separateGradients, separate)
        expectClose(sharedLogs, separateLogs.map(Double.init))
        expectCloseGradients(sharedGradients, separateGradients)
    }

    @Test(arguments: Variant.all)
    func aTinyLogitBudgetChangesNothing(_ variant: Variant) {
        let decoder = variant.decoder()
        let batch = Batch(vocabulary: variant.configuration.vocabularySize)
        let kept = ParameterArena(decoder.weights.layout)
        let recomputed = ParameterArena(decoder.weights.layout)
        let keptLogs = train(decoder, kept, batch)
        let recomputedLogs = train(decoder, recomputed, batch, logitBudgetBytes: 1)
        #expect(keptLogs == recomputedLogs)
        expectCloseGradients(kept, recomputed)
    }

    @Test func rowsWithoutWeightAreSkippedAndOthersKeepTheirGradient() {
        let decoder = Variant.all[3].decoder()
        let batch = Batch(vocabulary: decoder.configuration.vocabularySize)
        let weights = batch.weights.enumerated().map { $0 % 3 == 0 ? $1 : 0 }
        let used = weights.indices.filter { weights[$0] != 0 }
        let all = ParameterArena(decoder.weights.layout)
        let few = ParameterArena(decoder.weights.layout)
        let passForAll = TrainingPass(decoder: decoder, gradients: all)
        _ = passForAll.forward(batch.rows, targets: batch.targets)
        passForAll.backward(weights: weights)
        let passForFew = TrainingPass(decoder: decoder, gradients: few)
        _ = passForFew.forward(batch.rows, targets: used.map { batch.targets[$0] })
        passForFew.backward(weights: used.map { weights[$0] })
        expectCloseGradients(all, few)
    }

    @Test func zeroWeightsLeaveTheGradientsAlone() {
        let decoder = Variant.llama.decoder()
        let gradients = ParameterArena(decoder.weights.layout)
        let batch = Batch(vocabulary: decoder.configuration.vocabularySize)
        let pass = TrainingPass(decoder: decoder, gradients: gradients)
        _ = pass.forward(batch.rows, targets: batch.targets)
        pass.backward(weights: batch.weights.map { _ in 0 })
        #expect(gradients.buffer.array.allSatisfy { $0 == 0 })
    }

    @Test func gradientsOfTwoMicroBatchesAddUp() {
        let decoder = Variant.llama.decoder()
        let batch = Batch(vocabulary: decoder.configuration.vocabularySize)
        let once = ParameterArena(decoder.weights.layout)
        let twice = ParameterArena(decoder.weights.layout)
        train(decoder, once, batch)
        train(decoder, twice, batch)
        train(decoder, twice, batch)
        for index in 0..<once.buffer.count { once.buffer.pointer[index] *= 2 }
        expectCloseGradients(twice, once)
    }

    @Test(arguments: [1, 2])
    func repeatedRunsGiveTheSameBits(_ width: Int) {
        let decoder = Variant.all[1].decoder(width: width)
        let batch = Batch(vocabulary: decoder.configuration.vocabularySize, long: true)
        let first = ParameterArena(decoder.weights.layout)
        let second = ParameterArena(decoder.weights.layout)
        #expect(train(decoder, first, batch) == train(decoder, second, batch))
        #expect(first.buffer.array == second.buffer.array)
    }

    @Test(arguments: Variant.all)
    func oneWorkerComputesWhatTwoDo(_ variant: Variant) {
        let batch = Batch(vocabulary: variant.configuration.vocabularySize, long: true)
        let (one, two) = (variant.decoder(width: 1), variant.decoder(width: 2))
        let byOne = ParameterArena(one.weights.layout)
        let byTwo = ParameterArena(two.weights.layout)
        expectClose(train(one, byOne, batch), train(two, byTwo, batch).map(Double.init))
        expectCloseGradients(byOne, byTwo)
    }

    @discardableResult
    private func train(
        _ decoder: Decoder, _ gradients: ParameterArena, _ batch: Batch,
        logitBudgetBytes: Int = 1 << 20
    ) -> [Float] {
        let pass = TrainingPass(
            decoder: decoder, gradients: gradients, logitBudgetBytes: logitBudgetBytes)
        let logs = pass.forward(batch.rows, targets: batch.targets)
        pass.backward(weights: batch.weights)
        return logs
    }
}
