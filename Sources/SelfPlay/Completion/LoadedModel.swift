import Foundation
import ModelFiles
import SpinDomain
import Tensors
import Transformer

/// A model in memory, ready to write texts for any number of requests.
struct LoadedModel: Sendable {
    let setting: ModelSetting
    let decoder: Decoder
    /// What products read; the decoder's own arena may have nothing in these places.
    let packed: PackedWeights

    /// - Throws: what `ModelReader.load` throws.
    init(_ setting: ModelSetting, path: String, pool: WorkerPool) throws {
        let weights = ParameterArena(
            ParameterLayout(setting.decoder), isSparse: PackedWeights.replaceMatrices)
        self.setting = setting
        decoder = Decoder(configuration: setting.decoder, weights: weights, pool: pool)
        packed = try PackedWeights(decoder) { apart, take in
            try ModelReader.load(
                URL(filePath: path), into: weights, apart: apart, pool: pool, take)
        }
    }

    /// The weights and their packed copies; matrices that are read in their copies alone take
    /// memory once, and the token table twice where it is also the head.
    static func bytes(_ setting: ModelSetting) -> Int {
        let decoder = setting.decoder
        let weights = ParameterLayout(decoder).count
        let head = decoder.tiedEmbeddings ? decoder.vocabularySize * decoder.channels : 0
        let copied = PackedWeights.replaceMatrices ? head : weights
        return (weights + copied) * MemoryLayout<Float>.size
    }
}

/// Which files a model was read from, and when they were last changed.
struct ModelStamp: Equatable {
    private let files: [String: [Int]]

    /// Empty when there is nothing at the path.
    init(path: String) {
        let manager = FileManager.default
        let names = (try? manager.contentsOfDirectory(atPath: path)) ?? []
        var files: [String: [Int]] = [:]
        for file in [path] + names.map({ path + "/" + $0 }) {
            guard let attributes = try? manager.attributesOfItem(atPath: file) else { continue }
            let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            let inode = attributes[.systemFileNumber] as? Int ?? 0
            files[file] = [attributes[.size] as? Int ?? 0, inode, Int(changed * 1e6)]
        }
        self.files = files
    }
}
