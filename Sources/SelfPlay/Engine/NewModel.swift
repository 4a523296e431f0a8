import Foundation
import ModelFiles
import SpinDomain
import TextData
import Transformer

/// A randomly initialised Llama with a byte vocabulary, as a Hugging Face folder.
public struct NewModel: Sendable {
    public var layers: Int
    public var channels: Int
    public var heads: Int
    public var feedForwardChannels: Int
    /// Longest sequence, in tokens.
    public var contextLength: Int

    public init(
        layers: Int, channels: Int, heads: Int, feedForwardChannels: Int, contextLength: Int
    ) {
        self.layers = layers
        self.channels = channels
        self.heads = heads
        self.feedForwardChannels = feedForwardChannels
        self.contextLength = contextLength
    }

    private static let begin = "<|begin|>"
    private static let end = "<|end|>"
    private static let beginID = 256
    private static let endID = 257
    private static let vocabularySize = 258

    /// Writes the folder, which must not exist.
    ///
    /// - Returns: how many parameters the model has.
    /// - Throws: `invalid` for an impossible shape; `inputOutput`.
    public func write(to path: String, seed: UInt64) throws -> Int {
        let folder = URL(filePath: path)
        guard !FileManager.default.fileExists(atPath: path) else {
            throw SpinError(.conflict, "\(path) exists already")
        }
        // Goes the way of any folder's config.json, so an impossible shape is refused here.
        let description = try ModelDescription(
            configurationJSON: Data(configuration.indentedText.utf8))
        let weights = ParameterArena(ParameterLayout(description.configuration))
        weights.initialise(seed: seed)
        _ = try ModelWriter.write(
            weights: weights, description: description, extraFiles: tokenizerFiles,
            to: folder)
        return weights.layout.parameterCount
    }

    private var configuration: JSONValue {
        [
            "architectures": ["LlamaForCausalLM"], "model_type": "llama",
            "vocab_size": .integer(Self.vocabularySize), "hidden_size": .integer(channels),
            "num_hidden_layers": .integer(layers), "num_attention_heads": .integer(heads),
            "num_key_value_heads": .integer(heads),
            "intermediate_size": .integer(feedForwardChannels),
            "max_position_embeddings": .integer(contextLength), "rms_norm_eps": 1e-5,
            "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": false,
            "bos_token_id": .integer(Self.beginID), "eos_token_id": .integer(Self.endID),
        ]
    }

    private var tokenizerFiles: [String: Data] {
        let tokenizer = ByteVocabulary.tokenizerJSON(
            specialTokens: [Self.begin, Self.end], begin: Self.begin)
        let settings = ByteVocabulary.configurationJSON(begin: Self.begin, end: Self.end)
        return [
            "tokenizer.json": Data(tokenizer.utf8), "tokenizer_config.json": Data(settings.utf8),
        ]
    }
}
