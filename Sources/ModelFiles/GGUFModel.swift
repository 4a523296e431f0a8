import Foundation
import SpinDomain
import Transformer

/// A GGUF file as a model: configuration, tensors and tokenizer in one.
struct GGUFModel {
    let source: ModelSource

    init(_ url: URL) throws {
        let file = try GGUFFile(url)
        let configuration = try GGUFConfiguration(file)
        let decoder = configuration.decoder
        let tokenizer = try GGUFTokenizerFields(file)
        if let tokenizer, tokenizer.tokens.count > decoder.vocabularySize {
            throw SpinError.damaged(
                file.name,
                "has \(tokenizer.tokens.count) tokens but embeds \(decoder.vocabularySize)")
        }
        let roles = tokenizer.map { TokenRoles($0, vocabularySize: decoder.vocabularySize) }
        try ModelLimits.checkLayers(decoder, tensors: file.tensors.count)
        let layout = ParameterLayout(decoder)
        source = ModelSource(
            description: ModelDescription(
                configuration: decoder, family: configuration.family, kind: .gguf,
                parameterCount: layout.parameterCount, beginTokenID: roles?.begin,
                endTokenIDs: roles?.ends ?? [], padTokenID: roles?.pad, fileBytes: file.fileBytes,
                configurationJSON: configuration.checkpointObject(tokenizer).data,
                generationConfigurationJSON: (roles?.generationObject ?? JSONObject()).data,
                ggufTokenizer: tokenizer),
            layout: layout,
            pieces: try GGUFModel.pieces(file, layout, configuration))
    }

    private static func pieces(
        _ file: GGUFFile, _ layout: ParameterLayout, _ configuration: GGUFConfiguration
    ) throws -> [WeightPiece] {
        var unused = Set(file.tensors.map(\.name))
        unused.remove("rope_freqs.weight")
        let pieces = try layout.entries.map { entry in
            let name = GGUFNames.name(of: entry.name)
            unused.remove(name)
            let tensor = try WeightPiece.check(
                file[name], name: name, shape: entry.shape, file: file.name)
            // llama.cpp rotates neighbouring channels of Llama, but the two halves of Qwen.
            let isInterleaved = configuration.family == .llama && entry.name.isRotated
            return WeightPiece(
                tensor: tensor, offset: entry.offset,
                arrangement: isInterleaved
                    ? .interleaved(headSize: configuration.decoder.headSize) : .asStored)
        }
        if let extra = unused.min() {
            throw SpinError.damaged(
                file.name, "tensor '\(extra)' belongs to no parameter of its metadata")
        }
        return pieces
    }
}

extension ParameterName {
    /// Whether the rows are channels that the rotary embedding turns in pairs.
    fileprivate var isRotated: Bool {
        guard case .layer(_, let part) = self else { return false }
        switch part {
        case .queryWeight, .keyWeight, .queryBias, .keyBias: return true
        default: return false
        }
    }
}
