import SelfPlay
import SpinDomain
import Tensors
import Testing
import Transformer

struct GameTrialTests {
    private func trial() -> GameTrial {
        let configuration = DecoderConfiguration.llama(
            vocabularySize: 300, channels: 64, layers: 1, heads: 1, keyValueHeads: 1,
            feedForwardChannels: 96)
        let pool = WorkerPool(width: 1)
        let weights = ParameterArena(ParameterLayout(configuration))
        weights.fillForTrials(using: pool)
        return GameTrial(
            decoder: Decoder(configuration: configuration, weights: weights, pool: pool),
            promptTokens: 5, responseTokens: 7, clock: SteppingClock())
    }

    @Test func noResponseEndsEarly() throws {
        let rollout = try trial().rollout(sequences: 3)
        #expect(rollout.tokens == 3 * 7)
        #expect(rollout.seconds > 0)
    }

    @Test func aStepTakesEveryPair() throws {
        let step = try trial().step(pairs: 2)
        #expect(step.tokens == 2 * (5 + 7 + 7))
        #expect(step.operations > 0)
        #expect(step.seconds > 0)
    }
}
