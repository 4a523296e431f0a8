import Foundation
import SpinDomain
import Transformer

/// A Hugging Face model folder: `config.json` and weights in one or several safetensors files.
struct HuggingFaceFolder {
    private static let maximumConfigurationBytes = 1 << 20
    private static let maximumIndexBytes = 100_000_000

    let source: ModelSource

    init(_ url: URL) throws {
        let object = try HuggingFaceFolder.object(
            url.appending(path: "config.json"), limit: HuggingFaceFolder.maximumConfigurationBytes)
        let configuration = try HuggingFaceConfiguration(object, file: "config.json")
        let generation = try HuggingFaceFolder.generationObject(url)
        let roles = try TokenRoles(
            configuration.fields,
            generation: generation.map {
                ConfigurationFields($0, file: "generation_config.json")
            }, vocabularySize: configuration.decoder.vocabularySize)
        let files = try HuggingFaceFolder.weightFiles(url)
        let table = try TensorTable(
            files.flatMap(\.tensors), configuration.decoder, configuration.family)
        source = ModelSource(
            description: ModelDescription(
                configuration: configuration.decoder, family: configuration.family,
                kind: .huggingFaceFolder, parameterCount: table.layout.parameterCount,
                beginTokenID: roles.begin, endTokenIDs: roles.ends, padTokenID: roles.pad,
                fileBytes: files.reduce(0) { $0 + $1.fileBytes },
                configurationJSON: configuration.checkpointObject().data,
                generationConfigurationJSON: (generation ?? roles.generationObject).data,
                ggufTokenizer: nil),
            layout: table.layout, pieces: table.pieces)
    }

    private static func object(_ url: URL, limit: Int) throws -> JSONObject {
        let file = try InputFile(url)
        return try JSONParser.parseObject(try file.contents(limit: limit), file: file.name)
    }

    private static func generationObject(_ url: URL) throws -> JSONObject? {
        let file = url.appending(path: "generation_config.json")
        guard exists(file) else { return nil }
        return try object(file, limit: maximumConfigurationBytes)
    }

    private static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path(percentEncoded: false))
    }

    /// The single file, or else the shards that the index names.
    private static func weightFiles(_ url: URL) throws -> [SafetensorsFile] {
        let single = url.appending(path: "model.safetensors")
        if exists(single) { return [try SafetensorsFile(single)] }
        let index = url.appending(path: "model.safetensors.index.json")
        if exists(index) { return try shards(index) }
        throw SpinError(
            .notFound, "\(url.lastPathComponent) has no model.safetensors",
            hint: "weights in other formats (pytorch_model.bin) must be converted to safetensors")
    }

    private static func shards(_ index: URL) throws -> [SafetensorsFile] {
        let name = index.lastPathComponent
        let object = try object(index, limit: maximumIndexBytes)
        guard let map = object["weight_map"]?.object else {
            throw SpinError.damaged(name, "has no 'weight_map' object")
        }
        var tensorsByShard: [String: [String]] = [:]
        for member in map.members {
            guard let shard = member.value.string, FileName.isPlain(shard),
                shard.hasSuffix(".safetensors")
            else {
                throw SpinError.damaged(
                    name, "gives '\(member.name)' a shard that is no plain .safetensors file name")
            }
            tensorsByShard[shard, default: []].append(member.name)
        }
        let folder = index.deletingLastPathComponent()
        return try tensorsByShard.sorted { $0.key < $1.key }.map { shard, tensors in
            let file = try SafetensorsFile(folder.appending(path: shard))
            if let missing = tensors.first(where: { file[$0] == nil }) {
                throw SpinError.damaged(
                    shard, "lacks tensor '\(missing)', which \(name) places there")
            }
            return file
        }
    }
}

enum FileName {
    /// Whether a name stays inside its folder and is no hidden file.
    static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 255 && !name.hasPrefix(".")
            && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
    }
}

extension JSONObject {
    /// The text of a configuration file.
    var data: Data { Data(JSONValue.object(self).prettyText().utf8) }
}

/// The tensors of a folder matched with the parameters of its configuration.
private struct TensorTable {
    let layout: ParameterLayout
    let pieces: [WeightPiece]

    /// - Throws: `damagedFile` naming the tensor that is missing, misshapen, twice there, or
    ///   belongs to no parameter.
    init(
        _ tensors: [StoredTensor], _ configuration: DecoderConfiguration, _ family: ModelFamily
    ) throws {
        var rest: [String: StoredTensor] = [:]
        let prefix = family == .gpt2 ? "transformer." : "model."
        for tensor in tensors {
            // Files saved from the model without its head lack the prefix.
            let isWhole = tensor.name.hasPrefix(prefix) || tensor.name == "lm_head.weight"
            let name = isWhole ? tensor.name : prefix + tensor.name
            guard rest.updateValue(tensor, forKey: name) == nil else {
                throw SpinError.damaged(tensor.file.name, "tensor '\(tensor.name)' is there twice")
            }
        }
        try ModelLimits.checkLayers(configuration, tensors: rest.count)
        layout = ParameterLayout(configuration)
        pieces = try TensorNames.tensors(of: layout, family: family).map { wanted in
            let stored = rest.removeValue(forKey: wanted.name)
            return WeightPiece(
                tensor: try WeightPiece.check(
                    stored, name: wanted.name, shape: wanted.shape, file: "model.safetensors"),
                offset: wanted.offset,
                arrangement: wanted.isTransposed ? .transposed : .asStored)
        }
        let extra = rest.filter {
            !TensorTable.isHarmless($0.key, isTied: configuration.tiedEmbeddings)
        }
        if let (_, tensor) = extra.min(by: { $0.key < $1.key }) {
            throw SpinError.damaged(
                tensor.file.name,
                "tensor '\(tensor.name)' \(tensor.shape) belongs to no parameter of config.json")
        }
    }

    /// Buffers that old versions of transformers saved, and a tied head saved once more.
    private static func isHarmless(_ name: String, isTied: Bool) -> Bool {
        name.hasSuffix(".rotary_emb.inv_freq") || name.hasSuffix(".attn.bias")
            || name.hasSuffix(".attn.masked_bias") || (isTied && name == "lm_head.weight")
    }
}
