import Foundation
import SpinDomain
import Transformer

/// A Hugging Face model folder: `config.json` and weights in one or several safetensors files.
struct HuggingFaceFolder {
    private static let maximumConfigurationBytes = 1 << 20
    private static let maximumIndexBytes = 100_000_000

    let source: ModelSource

    init(_ url: URL) throws {
        let object = try HuggingFaceFolder.configurationObject(url)
        let configuration = try HuggingFaceConfiguration(object, file: "config.json")
        let generation = try HuggingFaceFolder.generationObject(url)
        let roles = try TokenRoles(
            configuration.fields,
            generation: generation.map {
                ConfigurationFields($0, file: "generation_config.json")
            }, vocabularySize: configuration.decoder.vocabularySize)
        let files = try HuggingFaceFolder.weightFiles(url)
        let table = try FolderTensors(
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

    private static func configurationObject(_ url: URL) throws -> JSONObject {
        let file = url.appending(path: "config.json")
        guard exists(file) else {
            throw SpinError(
                .notFound, "\(url.lastPathComponent) has no config.json",
                hint: "a model folder has config.json and model.safetensors")
        }
        return try object(file, limit: maximumConfigurationBytes)
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
                    name, "gives '\(member.key)' a shard that is no plain .safetensors file name")
            }
            tensorsByShard[shard, default: []].append(member.key)
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

extension JSONObject {
    /// The text of a configuration file.
    var data: Data { Data(JSONValue.object(self).indentedText.utf8) }
}
