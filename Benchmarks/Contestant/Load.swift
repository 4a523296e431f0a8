import ArgumentParser
import Tensors
import Transformer

/// What one scaling point computes.
struct Load {
    var threads = WorkerPool.availableCores
    var size = ModelSize.million135
    /// Of a step, and prompts of a rollout.
    var pairs = 4
    var promptTokens = 96
    /// Of each response.
    var responseTokens = 112

    /// For `PointCommand`.
    var arguments: [String] {
        [
            "--threads", "\(threads)", "--size", "\(size.rawValue)", "--pairs", "\(pairs)",
            "--prompt-tokens", "\(promptTokens)", "--response-tokens", "\(responseTokens)",
        ]
    }
}

/// Models with random weights, by millions of parameters.
enum ModelSize: Int, CaseIterable, ExpressibleByArgument {
    case million10 = 10
    case million30 = 30
    case million70 = 70
    /// SmolLM2-135M
    case million135 = 135
    case million265 = 265
    /// Qwen2.5-0.5B
    case million500 = 500

    var configuration: DecoderConfiguration {
        switch self {
        case .million10:
            .llama(
                vocabularySize: 8192, channels: 256, layers: 11, heads: 4, keyValueHeads: 2,
                feedForwardChannels: 688)
        case .million30:
            .llama(
                vocabularySize: 16384, channels: 384, layers: 15, heads: 6, keyValueHeads: 2,
                feedForwardChannels: 1024)
        case .million70:
            .llama(
                vocabularySize: 32768, channels: 512, layers: 18, heads: 8, keyValueHeads: 4,
                feedForwardChannels: 1408)
        case .million135: .smolLM2()
        case .million265:
            .llama(
                vocabularySize: 49152, channels: 768, layers: 36, heads: 12, keyValueHeads: 4,
                feedForwardChannels: 2048)
        case .million500: .qwen2()
        }
    }
}
