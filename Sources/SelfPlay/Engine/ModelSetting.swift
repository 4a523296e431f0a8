package import Foundation
package import ModelFiles
package import SpinDomain
import TextData
package import Transformer

/// A model without its weights: its description, its tokenizer, and what ends a response.
package struct ModelSetting: Sendable {
    package let description: ModelDescription
    package let stopTokens: Set<Int32>
    /// What goes into checkpoints, by name.
    package let tokenizerFiles: [String: Data]

    /// - Throws: `notFound`, `damagedFile`, `unsupported`, `inputOutput`.
    package init(path: String) throws {
        let url = URL(filePath: path)
        description = try ModelReader.describe(url)
        stopTokens = Set(description.endTokenIDs)
        tokenizerFiles = [:]
    }

    package var decoder: DecoderConfiguration { description.configuration }

    package var parameterCount: Int { description.parameterCount }

    package var hasTokenizer: Bool { false }

    package var hasChatTemplate: Bool { false }

    /// For people; nil without a tokenizer.
    package func text(_ ids: [Int32]) -> String? { nil }

    package var summary: ModelSummary {
        ModelSummary(
            family: description.family.rawValue,
            format: description.kind == .gguf ? "gguf" : "huggingface",
            parameters: parameterCount, vocabularySize: decoder.vocabularySize,
            contextLength: decoder.contextLength, layers: decoder.layers,
            channels: decoder.channels, bytes: description.fileBytes,
            hasTokenizer: hasTokenizer, hasChatTemplate: hasChatTemplate)
    }
}

extension ModelSetting {
    /// - Throws: `unsupported` for a text that the tokenizer cannot take.
    func encode(_ row: DatasetRow) throws -> DataRow {
        switch row {
        case .ids(let prompt, let response): return DataRow(prompt: prompt, response: response)
        case .text: throw SpinError(.unsupported, "the model has no tokenizer")
        }
    }
}
