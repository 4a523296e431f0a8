package import Foundation
package import ModelFiles
package import SpinDomain
package import TextData
package import Transformer

/// A model without its weights: its description, its tokenizer, and what ends a response.
package struct ModelSetting: Sendable {
    package let description: ModelDescription
    /// Nil for a model that takes token ids only.
    package let codec: TextCodec?
    /// All below the vocabulary's size.
    package let stopTokens: Set<Int32>
    /// The tokenizer's files for checkpoints, by name.
    package let tokenizerFiles: [String: Data]

    /// - Throws: `notFound`, `damagedFile`, `unsupported`, `inputOutput`.
    package init(path: String) throws {
        let url = URL(filePath: path)
        let description = try ModelReader.describe(url)
        let codec = try Self.codec(url, description)
        self.description = description
        self.codec = codec
        let vocabulary = 0..<Int32(clamping: description.configuration.vocabularySize)
        stopTokens = Set(description.endTokenIDs + (codec?.stopTokenIDs ?? []))
            .filter(vocabulary.contains)
        var files = try codec?.exportFiles() ?? [:]
        // Part of every checkpoint, with or without a tokenizer.
        files["generation_config.json"] = nil
        tokenizerFiles = files
    }

    private static func codec(_ url: URL, _ description: ModelDescription) throws -> TextCodec? {
        switch description.kind {
        case .huggingFaceFolder: try TextCodec.load(folder: url)
        case .gguf: try description.ggufTokenizer.map { try TextCodec(gguf: GGUFVocabulary($0)) }
        }
    }

    package var decoder: DecoderConfiguration { description.configuration }

    package var parameterCount: Int { description.parameterCount }

    /// For people; nil without a tokenizer.
    package func text(_ ids: [Int32]) -> String? {
        codec?.tokenizer.decode(ids, skipSpecialTokens: false)
    }

    package var summary: ModelSummary {
        ModelSummary(
            family: description.family.rawValue,
            format: description.kind == .gguf ? "gguf" : "huggingface",
            parameters: parameterCount, vocabularySize: decoder.vocabularySize,
            contextLength: decoder.contextLength, layers: decoder.layers,
            channels: decoder.channels, bytes: description.fileBytes,
            hasTokenizer: codec != nil, hasChatTemplate: codec?.chatTemplate != nil)
    }
}
