package import SpinDomain
import Tensors
package import Transformer

/// A game's two phases with made-up tokens, for who measures them.
package struct GameTrial {
    package struct Rollout: Sendable {
        package let seconds: Double
        /// Generated ones.
        package let tokens: Int
    }

    package struct Step: Sendable {
        package let seconds: Double
        package let tokens: Int
        /// Floating-point operations that it needed.
        package let operations: Double
    }

    private let decoder: Decoder
    private let promptTokens: Int
    private let responseTokens: Int
    private let clock: any Clock

    /// - Parameters:
    ///   - promptTokens: of every prompt.
    ///   - responseTokens: of every response, actual or generated; at least 1.
    package init(decoder: Decoder, promptTokens: Int, responseTokens: Int, clock: any Clock) {
        self.decoder = decoder
        self.promptTokens = promptTokens
        self.responseTokens = responseTokens
        self.clock = clock
    }

    /// Answers `sequences` prompts side by side; no response ends early.
    package func rollout(sequences: Int) throws -> Rollout {
        var options = SpinOptions()
        options.rolloutMicroBatchSize = sequences
        let rollout = SelfPlay.Rollout(
            decoder: decoder,
            rules: RolloutRules(stopTokens: [], endStrings: nil, maskMode: .exact),
            options: options, capacity: promptTokens + responseTokens)
        let requests = (0..<sequences).map { index in
            RolloutRequest(
                prompt: tokens(promptTokens, index), actual: [], budget: responseTokens,
                random: CounterRandom(seed: 1, stream: (0, 0, UInt32(index))))
        }
        let watch = Stopwatch(clock)
        let answers = try rollout.answer(requests, betweenSteps: {})
        return Rollout(
            seconds: watch.seconds, tokens: answers.reduce(0) { $0 + $1.generated.count })
    }

    /// The second of two steps: the first one takes memory.
    package func step(pairs count: Int) throws -> Step {
        let pairs = (0..<count).map { index in
            TrainingPair(
                prompt: tokens(promptTokens, 3 * index),
                actual: tokens(responseTokens, 3 * index + 1),
                generated: tokens(responseTokens, 3 * index + 2), referenceActual: 0,
                referenceGenerated: 0)
        }
        let optimizer = Optimizer(
            OptimizerOptions(), layout: decoder.weights.layout, pool: decoder.pool)
        let trainer = Trainer(decoder: decoder, optimizer: optimizer, options: TrainOptions())
        let objective = Objective(
            spin: SpinLoss(.sigmoid, klPenalty: 0.1), sftWeight: 0, maskMode: .exact)
        let batch = Trainer.Batch(step: 0, pairs: pairs, learningRate: 1e-9, isReference: true)
        _ = try trainer.step(batch, objective)
        let watch = Stopwatch(clock)
        let result = try trainer.step(batch, objective)
        return Step(
            seconds: watch.seconds, tokens: result.tokens, operations: result.operations)
    }

    /// Different tokens for every number, but always the same.
    private func tokens(_ count: Int, _ number: Int) -> [Int32] {
        let vocabulary = UInt32(decoder.configuration.vocabularySize)
        let random = CounterRandom(seed: 2, stream: (UInt32(number), 0, 0))
        return (0..<count).map { Int32(random.bits(at: UInt32($0))[0] % vocabulary) }
    }
}
