import Tensors
import Testing
import Transformer

@Suite struct InferencePassTests {
    /// The same float32 sums in another order.
    static let tolerance: Float = 3e-5

    @Test(arguments: Variant.all)
    func decodingTokenByTokenEqualsTheTrainingForward(_ variant: Variant) {
        let decoder = variant.decoder()
        let tokens = sequence(variant, 20)
        let cache = KeyValueCache(configuration: variant.configuration, slots: 3, capacity: 20)
        let pass = InferencePass(decoder: decoder, cache: cache)
        var logs: [Float] = []
        for index in 0..<tokens.count - 1 {
            pass.extend([.init(slot: 1, tokens: [tokens[index]])])
            logs += pass.logProbabilities([ScoredTarget(row: 0, token: tokens[index + 1])])
        }
        #expect(cache.length(1) == tokens.count - 1)
        expectClose(logs, trainingLogs(decoder, tokens))
    }

    @Test(arguments: Variant.all)
    func chunkedPrefillEqualsTheTrainingForward(_ variant: Variant) {
        let decoder = variant.decoder()
        let tokens = sequence(variant, 160)
        let cache = KeyValueCache(configuration: variant.configuration, slots: 2, capacity: 160)
        let pass = InferencePass(decoder: decoder, cache: cache)
        var logs: [Float] = []
        // Many rows, which may go through matrix tiles, one, and some.
        for range in [0..<126, 126..<127, 127..<159] {
            // The other slot's rows come first in every batch, and must not disturb.
            pass.extend([
                .init(slot: 1, tokens: [3, 1]), .init(slot: 0, tokens: Array(tokens[range])),
            ])
            logs += pass.logProbabilities(
                range.map { ScoredTarget(row: $0 - range.lowerBound + 2, token: tokens[$0 + 1]) })
        }
        expectClose(logs, trainingLogs(decoder, tokens))
    }

    @Test(arguments: Variant.all)
    func truncatedSlotsCanBeScoredAgain(_ variant: Variant) {
        let decoder = variant.decoder()
        let tokens = sequence(variant, 16)
        let cache = KeyValueCache(configuration: variant.configuration, slots: 1, capacity: 16)
        let pass = InferencePass(decoder: decoder, cache: cache)
        pass.extend([.init(slot: 0, tokens: Array(tokens[..<6]))])
        pass.extend([.init(slot: 0, tokens: [5, 4, 3, 2])])
        cache.truncate(0, to: 6)
        pass.extend([.init(slot: 0, tokens: Array(tokens[6..<15]))])
        let logs = pass.logProbabilities(
            (6..<15).map { ScoredTarget(row: $0 - 6, token: tokens[$0 + 1]) })
        expectClose(logs, Array(trainingLogs(decoder, tokens).dropFirst(6)))
    }

    @Test(arguments: Variant.all)
    func logitsAreTheNaiveDecoders(_ variant: Variant) {
        let decoder = variant.decoder()
        let tokens = sequence(variant, 12)
        let cache = KeyValueCache(configuration: variant.configuration, slots: 1, capacity: 12)
        let pass = InferencePass(decoder: decoder, cache: cache)
        pass.extend([.init(slot: 0, tokens: tokens)])
        let logits = Array(pass.logits(of: [11, 4]))
        let naive = NaiveDecoder(variant.configuration, decoder.weights).logits(tokens)
        expectClose(logits, (naive[11] + naive[4]).map(Float.init))
    }

    @Test(arguments: Variant.all)
    func readingSomeRowsGivesWhatReadingAllGives(_ variant: Variant) {
        let decoder = variant.decoder()
        let tokens = sequence(variant, 160)
        let rows = [129, 3, 70, 71, 149, 3]
        func pass(readable: [Int]?) -> (logits: [Float], next: [Float]) {
            let cache = KeyValueCache(configuration: variant.configuration, slots: 2, capacity: 160)
            let pass = InferencePass(decoder: decoder, cache: cache)
            pass.extend(
                [
                    .init(slot: 1, tokens: Array(tokens[..<5])),
                    .init(slot: 0, tokens: Array(tokens[..<145])),
                ], readable: readable)
            let logits = Array(pass.logits(of: rows))
            // Later tokens read the keys and values of rows that were not asked for.
            pass.extend([.init(slot: 0, tokens: Array(tokens[145..<147]))], readable: [1])
            return (logits, Array(pass.logits(of: [1])))
        }
        let all = pass(readable: nil)
        let some = pass(readable: rows)
        expectClose(some.logits, all.logits)
        expectClose(some.next, all.next)
    }

    @Test(arguments: Variant.all)
    func prefillThatNobodyReadsFillsTheCache(_ variant: Variant) {
        let decoder = variant.decoder()
        let tokens = sequence(variant, 20)
        let cache = KeyValueCache(configuration: variant.configuration, slots: 1, capacity: 20)
        let pass = InferencePass(decoder: decoder, cache: cache)
        pass.extend([.init(slot: 0, tokens: Array(tokens[..<12]))], readable: [])
        pass.extend([.init(slot: 0, tokens: Array(tokens[12..<19]))], readable: [6, 2])
        let logs = pass.logProbabilities([
            ScoredTarget(row: 2, token: tokens[15]), ScoredTarget(row: 6, token: tokens[19]),
        ])
        let expected = trainingLogs(decoder, tokens)
        expectClose(logs, [expected[14], expected[18]])
    }

    @Test(arguments: Variant.all)
    func weightsThatWereOnlyPackedGiveTheSameBits(_ variant: Variant) {
        let decoder = variant.decoder()
        let weights = decoder.weights
        let bare = Decoder(
            configuration: variant.configuration, weights: ParameterArena(weights.layout),
            pool: decoder.pool)
        var wasApart = false
        let packed = PackedWeights(bare) { apart, take in
            bare.weights.buffer.copy(from: weights.buffer)
            for place in apart {
                let floats = bare.weights.buffer.pointer + place.lowerBound
                take(place, floats)
                // Whoever looks for them here finds nothing that could be right.
                floats.update(repeating: .nan, count: place.count)
            }
            wasApart = !apart.isEmpty
        }
        #expect(wasApart == PackedWeights.replaceMatrices)
        let tokens = sequence(variant, 140)
        let logits = [(decoder, PackedWeights(decoder)), (bare, packed)].map { decoder, packed in
            let cache = KeyValueCache(configuration: variant.configuration, slots: 1, capacity: 141)
            let pass = InferencePass(decoder: decoder, cache: cache, packed: packed)
            pass.extend([.init(slot: 0, tokens: tokens)])
            let first = Array(pass.logits(of: [0, 139]))
            pass.extend([.init(slot: 0, tokens: [tokens[0]])])
            return first + Array(pass.logits(of: [0]))
        }
        #expect(logits[0] == logits[1])
        #expect(logits[1].allSatisfy { $0.isFinite })
    }

    private func sequence(_ variant: Variant, _ count: Int) -> [Int32] {
        var random = SplitMix(state: 21)
        return random.tokens(count, below: variant.configuration.vocabularySize)
    }

    /// Log-probabilities of every token but the first.
    private func trainingLogs(_ decoder: Decoder, _ tokens: [Int32]) -> [Float] {
        var rows = PackedRows()
        rows.append(tokens)
        return TrainingPass(decoder: decoder, gradients: nil).score(
            rows,
            targets: (1..<tokens.count).map { ScoredTarget(row: $0 - 1, token: tokens[$0]) })
    }

    private func expectClose(_ found: [Float], _ expected: [Float]) {
        #expect(found.count == expected.count)
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= Self.tolerance)
    }
}
