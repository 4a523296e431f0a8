import SelfPlay
import SpinDomain
import Testing
import Transformer

@Suite struct PackedPairsTests {
    /// Float32 sums of up to a dozen log-probabilities of a few nats, in two orders of products.
    private static let tolerance = 1e-4

    private struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let prompt: [Int32]
        let actual: [Int32]
        let generated: [Int32]
        var testDescription: String { name }
    }

    private static let cases = [
        Case(
            name: "nothing in common", prompt: [1, 5, 6], actual: [7, 8, 2],
            generated: [9, 10, 11, 2]),
        Case(
            name: "common beginning", prompt: [1, 5], actual: [7, 8, 9, 2], generated: [7, 8, 4, 4]),
        Case(name: "identical", prompt: [1, 5], actual: [7, 8, 2], generated: [7, 8, 2]),
        Case(
            name: "actual leads generated", prompt: [1, 5], actual: [7, 8], generated: [7, 8, 9, 2]),
        Case(
            name: "generated leads actual", prompt: [1, 5], actual: [7, 8, 9, 2], generated: [7]),
        Case(name: "one token each", prompt: [1], actual: [2], generated: [3]),
        Case(name: "prompt of one token", prompt: [1], actual: [3, 2], generated: [3, 4, 5]),
        Case(name: "only an actual response", prompt: [1, 4], actual: [3, 2], generated: []),
    ]

    /// Log-probabilities of all tokens but the first, from the sequence packed alone.
    private func tokenLogps(_ pass: TrainingPass, _ tokens: [Int32]) -> [Double] {
        var rows = PackedRows()
        rows.append(tokens)
        let targets = tokens.indices.dropFirst().map {
            ScoredTarget(row: $0 - 1, token: tokens[$0])
        }
        return pass.score(rows, targets: targets).map(Double.init)
    }

    /// The window by its definition: tokens P … P+R−1, or for NeMo P−1 … P+R−2.
    private func windowSum(
        _ pass: TrainingPass, _ prompt: [Int32], _ response: [Int32], _ mode: SpinOptions.MaskMode
    ) -> Double {
        guard !response.isEmpty else { return 0 }
        let logps = tokenLogps(pass, prompt + response)
        let shift = mode == .nemo ? 1 : 0
        let first = max(0, prompt.count - 1 - shift)
        return logps[first..<prompt.count - 1 + response.count - shift].reduce(0, +)
    }

    @Test(arguments: cases, [SpinOptions.MaskMode.exact, .nemo])
    private func sumsAreThoseOfTheSequencesAlone(one: Case, mode: SpinOptions.MaskMode) {
        let decoder = TinyModel.makeDecoder()
        let pass = TrainingPass(decoder: decoder, gradients: nil)
        let pair = trainingPair(one)
        let packed = PackedPairs([pair], maskMode: mode)
        let sums = packed.sums(pass.score(packed.rows, targets: packed.targets))[0]

        #expect(
            abs(sums.actual - windowSum(pass, one.prompt, one.actual, mode)) < Self.tolerance)
        #expect(
            abs(sums.generated - windowSum(pass, one.prompt, one.generated, mode)) < Self.tolerance)
        #expect(
            abs(sums.allActual - windowSum(pass, one.prompt, one.actual, .exact)) < Self.tolerance)
    }

    private func trainingPair(_ one: Case) -> TrainingPair {
        guard !one.generated.isEmpty else {
            return TrainingPair(prompt: one.prompt, actual: one.actual)
        }
        return TrainingPair(
            RolloutSample(
                iteration: 0, index: 0, epoch: 0, sourceIteration: 0, row: 0, promptIDs: one.prompt,
                actualIDs: one.actual, generatedIDs: one.generated, referenceLogpActual: 0,
                referenceLogpGenerated: 0, stopReason: .stopToken), truncated: .keep)
    }

    @Test func commonTokensHaveOneRowAndNoWeight() {
        // Prompt 2, common 2, rests 2 and 3: rows 4 + 1 + 2, the last token of each has none.
        let pair = trainingPair(
            Case(name: "", prompt: [1, 5], actual: [7, 8, 9, 2], generated: [7, 8, 4, 4, 2]))
        let packed = PackedPairs([pair], maskMode: .exact)
        #expect(packed.rows.count == 7)
        #expect(packed.targets.count == 2 + 2 + 3)
        let weights = packed.weights(pairScales: [0.5], tokenScale: 0)
        #expect(weights == [0, 0, -0.5, -0.5, 0.5, 0.5, 0.5])
        let withLikelihood = packed.weights(pairScales: [0.5], tokenScale: 0.25)
        #expect(withLikelihood == [-0.25, -0.25, -0.75, -0.75, 0.5, 0.5, 0.5])
    }

    @Test func nemoWindowScoresThePromptsEndOnBothSidesAndNeverTheLastTokens() {
        let pair = trainingPair(
            Case(name: "", prompt: [1, 5], actual: [7, 2], generated: [8, 9, 2]))
        let packed = PackedPairs([pair], maskMode: .nemo)
        // The prompt's end; actual 7 and 2 (the latter only for the SFT term); generated 8 and 9.
        #expect(packed.targets.map(\.token) == [5, 7, 2, 8, 9])
        #expect(packed.weights(pairScales: [1], tokenScale: 0) == [0, -1, 0, 1, 1])
        #expect(packed.weights(pairScales: [0], tokenScale: 1) == [0, -1, -1, 0, 0])
    }
}
