import SelfPlay
import SpinDomain
import Testing
import Transformer

@Suite struct PromptPrefixTests {
    private static let beginning = (0..<40).map { Int32(3 + $0 % 9) }

    private func pair(_ prompt: [Int32]) -> TrainingPair {
        TrainingPair(
            prompt: prompt, actual: [7, 8, 2], generated: [7, 10, 11, 2], referenceActual: 0,
            referenceGenerated: 0)
    }

    @Test(
        arguments: [
            ([[1, 2, 3, 4, 5], [1, 2, 3, 9, 9]], 3),
            // The last two tokens are never shared.
            ([[1, 2, 3, 4], [1, 2, 3, 4]], 2), ([[1, 2, 3], [1, 2, 3, 4, 5]], 1),
            ([[1], [1, 2, 3]], 0), ([[], [1, 2, 3]], 0),
            ([[1, 2, 3], [2, 2, 3]], 0), ([[1, 2, 3, 4]], 0), ([], 0),
        ] as [([[Int32]], Int)])
    func lengthIsThatOfTheCommonBeginning(prompts: [[Int32]], length: Int) {
        #expect(PromptPrefix.length(of: prompts) == length)
    }

    @Test func fewRowsAreNotWorthAPassOfTheirOwn() {
        let prompts = [[30, 31], [32, 33], [34, 35]].map { Self.beginning + $0 }
        #expect(PromptPrefix.worthSharing(prompts.map(pair)) == Self.beginning)
        #expect(PromptPrefix.worthSharing(prompts[..<2].map(pair)).isEmpty)
        #expect(PromptPrefix.worthSharing([]).isEmpty)
    }

    @Test(arguments: [SpinOptions.MaskMode.exact, .nemo])
    func scoresAreThoseOfWholePrompts(mode: SpinOptions.MaskMode) throws {
        let decoder = TinyModel.makeDecoder()
        let pairs = [[30, 31], [32, 33], [34, 35]].map { pair(Self.beginning + $0) }
        let scorer = ResponseScorer(decoder: decoder, maskMode: mode, pairsAtOnce: 2)
        let together = try scorer.sums(pairs, betweenBatches: {})
        // A pair alone shares nothing.
        let alone = try pairs.flatMap { try scorer.sums([$0], betweenBatches: {}) }
        #expect(together.count == 3)
        for (one, other) in zip(together, alone) {
            #expect(abs(one.actual - other.actual) < 1e-4)
            #expect(abs(one.generated - other.generated) < 1e-4)
        }
    }
}
