import Tensors
import Testing
import Transformer

struct LayerTrialTests {
    @Test func theSlowerLimitBinds() {
        let trial = LayerTrial("any", rows: 1, operations: 100, bytes: 40, run: {})
        #expect(trial.leastSeconds(operationsPerSecond: 50, bytesPerSecond: 40) == 2)
        #expect(trial.leastSeconds(operationsPerSecond: 50, bytesPerSecond: 10) == 4)
    }

    // The counts of their makers' files.
    @Test func shapesAreThoseOfTheModels() {
        #expect(ParameterLayout(.smolLM2()).parameterCount == 134_515_008)
        #expect(ParameterLayout(.qwen2()).parameterCount == 494_032_768)
    }

    @Test(arguments: [1, 2])
    func everyLayerRuns(threads: Int) {
        var configuration = DecoderConfiguration.llama(
            vocabularySize: 300, channels: 128, layers: 2, heads: 2, keyValueHeads: 1,
            feedForwardChannels: 96)
        configuration.contextLength = 64
        let pool = WorkerPool(width: threads)
        let weights = ParameterArena(ParameterLayout(configuration))
        weights.fillForTrials(using: pool)
        let gradients = ParameterArena(weights.layout)
        let layers = LayerTrials(
            decoder: Decoder(configuration: configuration, weights: weights, pool: pool),
            gradients: gradients)
        let trials =
            [
                layers.linear(rows: 3), layers.inferenceLinear(rows: 3),
                layers.linearBackward(rows: 3), layers.logits(rows: 3),
            ]
            + layers.attention(sequences: 2, length: 20)
            + [layers.cachedAttention(sequences: 3, context: 17)]
            + layers.norms(rows: 5) + layers.head(rows: 4)
        for trial in trials { trial.run() }
        #expect(VectorOperations.sumOfSquares(gradients.buffer, using: pool) > 0)
        #expect(VectorOperations.isFinite(gradients.buffer, using: pool))
        // Two layers of queries, keys, values and output 128·(128 + 2·64 + 128) and a feed-forward
        // of 3·128·96 weights, three rows, two operations each.
        #expect(trials[0].operations == Double(2 * 2 * 3 * (128 * 384 + 3 * 128 * 96)))
    }
}
