public import Foundation
public import Transformer

/// What a model's files say about it, without its weights.
public struct ModelDescription: Sendable {
    public enum Kind: String, Sendable, Codable {
        case huggingFaceFolder = "hugging_face_folder"
        case gguf
    }

    public let configuration: DecoderConfiguration
    public let family: ModelFamily
    public let kind: Kind
    /// Trainable numbers.
    public let parameterCount: Int
    public let beginTokenID: Int32?
    /// Of `generation_config.json` first, then of `config.json`; ids outside the vocabulary are
    /// left out, since no model can write them.
    public let endTokenIDs: [Int32]
    public let padTokenID: Int32?
    /// Of the weights' files.
    public let fileBytes: Int
    /// The `config.json` that goes into checkpoints: the model's own with `dtype` float32, or one
    /// made from GGUF metadata.
    public let configurationJSON: Data
    /// The `generation_config.json` that goes into checkpoints.
    public let generationConfigurationJSON: Data
    /// Of a GGUF file only.
    public let ggufTokenizer: GGUFTokenizerFields?
}
