import Tensors
import Testing
import Transformer

/// Tokens that all sequences begin with pass once for several micro-batches.
@Suite struct SharedPrefixTests {
    /// Two micro-batches: prompts that begin alike, some with rows of several attention blocks.
    private struct Game {
        let prefix: [Int32]
        let families: [[Batch.Family]]

        init(vocabulary: Int, prefix count: Int) {
            var random = SplitMix(state: 11)
            let prefix = random.tokens(count, below: vocabulary)
            let shapes = [[(40, [50, 6]), (1, [3, 8])], [(5, [0, 4]), (2, [40, 40])]]
            families = shapes.map { shapes in
                shapes.map { prompt, responses in
                    Batch.Family(
                        prompt: prefix + random.tokens(prompt, below: vocabulary),
                        responses: responses.map { random.tokens($0, below: vocabulary) })
                }
            }
            self.prefix = prefix
        }

        var whole: [Batch] { families.map { Batch($0) } }
        var shared: [Batch] { families.map { Batch($0, afterShared: prefix.count) } }
    }

    private func train(
        _ decoder: Decoder, _ gradients: ParameterArena, _ batches: [Batch], after prefix: [Int32]
    ) -> [Float] {
        let pass = TrainingPass(decoder: decoder, gradients: gradients)
        pass.share(prefix, keeping: true)
        var logs: [Float] = []
        for batch in batches {
            logs += pass.forward(batch.rows, targets: batch.targets)
            pass.backward(weights: batch.weights)
        }
        pass.backwardShared()
        return logs
    }

    @Test(arguments: Variant.all)
    func logProbabilitiesEqualTheNaiveDecoders(_ variant: Variant) {
        let decoder = variant.decoder()
        let game = Game(vocabulary: variant.configuration.vocabularySize, prefix: 9)
        let pass = TrainingPass(decoder: decoder, gradients: nil)
        pass.share(game.prefix, keeping: false)
        let naive = NaiveDecoder(decoder.configuration, decoder.weights)
        for batch in game.shared {
            let expected = batch.logProbabilities(naive)
            expectClose(pass.score(batch.rows, targets: batch.targets), expected)
            expectClose(pass.forward(batch.rows, targets: batch.targets), expected)
        }
    }

    /// Those of whole sequences are held against finite differences in `TrainingPassTests`.
    @Test(arguments: Variant.all)
    func gradientsEqualThoseOfWholeSequences(_ variant: Variant) {
        let decoder = variant.decoder()
        let game = Game(vocabulary: variant.configuration.vocabularySize, prefix: 40)
        let shared = ParameterArena(decoder.weights.layout)
        let whole = ParameterArena(decoder.weights.layout)
        let sharedLogs = train(decoder, shared, game.shared, after: game.prefix)
        let wholeLogs = train(decoder, whole, game.whole, after: [])
        expectClose(sharedLogs, wholeLogs.map(Double.init))
        expectCloseGradients(shared, whole)
    }

    @Test func theSharedTokensHaveGradientsOfTheirOwn() {
        let decoder = Variant.llama.decoder()
        let game = Game(vocabulary: decoder.configuration.vocabularySize, prefix: 9)
        let gradients = ParameterArena(decoder.weights.layout)
        let pass = TrainingPass(decoder: decoder, gradients: gradients)
        pass.share(game.prefix, keeping: true)
        for batch in game.shared {
            _ = pass.forward(batch.rows, targets: batch.targets)
            pass.backward(weights: batch.weights)
        }
        let before = gradients.buffer.array
        pass.backwardShared()
        let after = gradients.buffer.array
        #expect(before != after)
        // Once is all.
        pass.backwardShared()
        #expect(gradients.buffer.array == after)
    }

    @Test func withoutGradientsNothingIsDone() {
        let decoder = Variant.llama.decoder()
        let game = Game(vocabulary: decoder.configuration.vocabularySize, prefix: 9)
        let gradients = ParameterArena(decoder.weights.layout)
        let pass = TrainingPass(decoder: decoder, gradients: gradients)
        pass.share(game.prefix, keeping: true)
        for batch in game.shared {
            _ = pass.forward(batch.rows, targets: batch.targets)
            pass.backward(weights: batch.weights.map { _ in 0 })
        }
        pass.backwardShared()
        #expect(gradients.buffer.array.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [1, 2])
    func repeatedRunsGiveTheSameBits(_ width: Int) {
        let decoder = Variant.all[1].decoder(width: width)
        let game = Game(vocabulary: decoder.configuration.vocabularySize, prefix: 33)
        let first = ParameterArena(decoder.weights.layout)
        let second = ParameterArena(decoder.weights.layout)
        #expect(
            train(decoder, first, game.shared, after: game.prefix)
                == train(decoder, second, game.shared, after: game.prefix))
        #expect(first.buffer.array == second.buffer.array)
    }

    /// The reference policy's keys must not outlive its weights.
    @Test func sharingAgainForgetsWhatWasShared() {
        let decoder = Variant.llama.decoder()
        let vocabulary = decoder.configuration.vocabularySize
        let game = Game(vocabulary: vocabulary, prefix: 9)
        let pass = TrainingPass(decoder: decoder, gradients: nil)
        pass.share(game.prefix, keeping: false)
        pass.share(game.prefix.reversed(), keeping: false)
        let batch = game.shared[0]
        let otherFamilies = batch.families.map {
            Batch.Family(
                prompt: game.prefix.reversed() + $0.prompt.dropFirst(game.prefix.count),
                responses: $0.responses)
        }
        let naive = NaiveDecoder(decoder.configuration, decoder.weights)
        expectClose(
            pass.score(batch.rows, targets: batch.targets),
            Batch(otherFamilies).logProbabilities(naive))
        pass.share([], keeping: false)
        let whole = Batch(vocabulary: vocabulary)
        expectClose(
            pass.score(whole.rows, targets: whole.targets), whole.logProbabilities(naive))
    }
}
