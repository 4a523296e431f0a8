/// Shapes of well-known models, to measure what people will run.
extension DecoderConfiguration {
    /// SmolLM2-135M: Llama, 576 channels.
    ///
    /// - Parameter layers: the real model has 30.
    package static func smolLM2(layers: Int = 30) -> DecoderConfiguration {
        llama(
            vocabularySize: 49152, channels: 576, layers: layers, heads: 9, keyValueHeads: 3,
            feedForwardChannels: 1536)
    }

    /// Qwen2.5-0.5B: biases on queries, keys and values, a large vocabulary.
    ///
    /// - Parameter layers: the real model has 24.
    package static func qwen2(layers: Int = 24) -> DecoderConfiguration {
        var configuration = llama(
            vocabularySize: 151_936, channels: 896, layers: layers, heads: 14, keyValueHeads: 2,
            feedForwardChannels: 4864)
        configuration.queryKeyValueBias = true
        return configuration
    }

    /// A Llama with heads of 64 channels and tied embeddings.
    package static func llama(
        vocabularySize: Int, channels: Int, layers: Int, heads: Int, keyValueHeads: Int,
        feedForwardChannels: Int
    ) -> DecoderConfiguration {
        DecoderConfiguration(
            vocabularySize: vocabularySize, contextLength: 8192, channels: channels,
            layers: layers, heads: heads, keyValueHeads: keyValueHeads, headSize: 64,
            feedForwardChannels: feedForwardChannels, norm: .rootMeanSquare, normEpsilon: 1e-5,
            position: .rotary(.init(base: 100_000, rotatedChannels: 64)),
            feedForward: .gated(.silu), tiedEmbeddings: true)
    }
}
