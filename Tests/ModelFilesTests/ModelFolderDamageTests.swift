import Foundation
import ModelFiles
import SpinDomain
import Testing

/// Folders whose weights do not fit their configuration, or are not where the index says.
@Suite struct ModelFolderDamageTests {
    /// Rewrites a fixture's single safetensors file after changing its list of tensors.
    private func rewrite(
        _ folder: TemporaryFolder,
        _ change: (inout [(name: String, shape: [Int], values: [Float])]) -> Void
    ) throws {
        let url = folder.url.appending(path: "model.safetensors")
        let file = try SafetensorsFile(url)
        var tensors = try file.names.map {
            (name: $0, shape: file.shape(of: $0) ?? [], values: try file.floats($0))
        }
        change(&tensors)
        let writer = try SafetensorsWriter(
            url, tensors: tensors.map { .init(name: $0.name, shape: $0.shape) })
        for tensor in tensors { try tensor.values.withUnsafeBytes { try writer.append($0) } }
        _ = try writer.finish()
    }

    private func failure(_ folder: TemporaryFolder) -> SpinError? {
        #expect(throws: SpinError.self) { _ = try ModelReader.load(folder.url) }
    }

    @Test func aMissingTensorIsNamedWithItsShape() throws {
        let folder = try TemporaryFolder(copyOf: "qwen3")
        try rewrite(folder) { $0.removeAll { $0.name == "model.layers.1.mlp.up_proj.weight" } }
        let error = failure(folder)
        #expect(error?.code == .damagedFile)
        #expect(error?.message.contains("model.layers.1.mlp.up_proj.weight") == true)
        #expect(error?.message.contains("[20, 24]") == true)
    }

    @Test func aMisshapenTensorIsNamedWithBothShapes() throws {
        let folder = try TemporaryFolder(copyOf: "qwen3")
        try rewrite(folder) { tensors in
            for index in tensors.indices
            where tensors[index].name == "model.layers.0.mlp.down_proj.weight" {
                tensors[index].shape.reverse()
            }
        }
        let error = failure(folder)
        #expect(error?.code == .damagedFile)
        #expect(error?.message.contains("model.layers.0.mlp.down_proj.weight") == true)
        #expect(error?.message.contains("[20, 24]") == true)
        #expect(error?.message.contains("[24, 20]") == true)
    }

    @Test func anExtraTensorIsNamed() throws {
        let folder = try TemporaryFolder(copyOf: "qwen3")
        try rewrite(folder) { $0.append(("model.layers.2.mlp.up_proj.weight", [1], [0])) }
        #expect(failure(folder)?.message.contains("model.layers.2.mlp.up_proj.weight") == true)
    }

    @Test func harmlessExtrasAreIgnored() throws {
        let folder = try TemporaryFolder(copyOf: "qwen3")
        let before = try ModelReader.load(folder.url).weights.floats
        try rewrite(folder) { tensors in
            tensors.append(("model.layers.0.self_attn.rotary_emb.inv_freq", [1], [.nan]))
            // The head is tied, so this one is not used, whatever it holds.
            tensors.append(("lm_head.weight", [40, 24], [Float](repeating: 5, count: 960)))
        }
        #expect(try ModelReader.load(folder.url).weights.floats == before)
    }

    @Test func theBareModelsNamesAreUnderstood() throws {
        let folder = try TemporaryFolder(copyOf: "qwen3")
        let before = try ModelReader.load(folder.url).weights.floats
        try rewrite(folder) { tensors in
            for index in tensors.indices {
                tensors[index].name.removeFirst("model.".count)
            }
        }
        #expect(try ModelReader.load(folder.url).weights.floats == before)
    }

    @Test func aWeightThatIsNotFiniteIsNamed() throws {
        let folder = try TemporaryFolder(copyOf: "gpt2")
        try rewrite(folder) { tensors in
            for index in tensors.indices
            where tensors[index].name == "transformer.h.1.attn.c_attn.weight" {
                tensors[index].values[700] = .infinity
            }
        }
        #expect(failure(folder)?.message.contains("transformer.h.1.attn.c_attn.weight") == true)
        // Headers alone do not show it.
        #expect(throws: Never.self) { try ModelReader.describe(folder.url) }
    }

    @Test func weightsOfAnotherKindAreUnsupported() throws {
        let folder = try TemporaryFolder(copyOf: "llama-bfloat16")
        let bytes = try folder.bytes("model.safetensors")
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("\"BF16\""))
        var changed = bytes
        let pattern = Array("\"BF16\"".utf8)
        for start in 0..<bytes.count - 6 where Array(bytes[start..<start + 6]) == pattern {
            changed.replaceSubrange(start..<start + 6, with: Array("\"I16\" ".utf8))
        }
        try folder.write("model.safetensors", changed)
        #expect(failure(folder)?.code == .unsupported)
    }

    @Test func otherWeightFormatsAreNotFoundWithAHint() throws {
        let folder = try TemporaryFolder(copyOf: "qwen3")
        try FileManager.default.moveItem(
            at: folder.url.appending(path: "model.safetensors"),
            to: folder.url.appending(path: "pytorch_model.bin"))
        let error = failure(folder)
        #expect(error?.code == .notFound)
        #expect(error?.hint?.contains("safetensors") == true)
    }

    /// Names that an index must not give to a shard.
    @Test(
        arguments: [
            "../model-00001-of-00004.safetensors", "/etc/passwd", "a/b.safetensors", "..", "",
            "model-00009-of-00004.safetensors", "config.json", ".hidden.safetensors",
            "a\\u0000.safetensors",
        ])
    func shardsStayInTheirFolder(_ name: String) throws {
        let folder = try TemporaryFolder(copyOf: "llama-sharded")
        let index = String(
            decoding: try folder.bytes("model.safetensors.index.json"), as: UTF8.self)
        try folder.write(
            "model.safetensors.index.json",
            index.replacingOccurrences(of: "model-00001-of-00004.safetensors", with: name))
        let error = failure(folder)
        #expect(error?.code == .damagedFile || error?.code == .notFound)
    }

    @Test func anIndexMustBeTrue() throws {
        let folder = try TemporaryFolder(copyOf: "llama-sharded")
        let index = String(
            decoding: try folder.bytes("model.safetensors.index.json"), as: UTF8.self)
        for (old, new) in [
            ("weight_map", "weights"), ("model.norm.weight", "model.norm.bias"),
            ("00002-of", "00001-of"),
        ] {
            try folder.write(
                "model.safetensors.index.json", index.replacingOccurrences(of: old, with: new))
            #expect(failure(folder)?.code == .damagedFile)
        }
        try folder.write("model.safetensors.index.json", index)
        #expect(throws: Never.self) { try ModelReader.load(folder.url) }
        try folder.write(
            "model-00003-of-00004.safetensors",
            try folder.bytes("model-00003-of-00004.safetensors").dropLast())
        #expect(failure(folder)?.code == .damagedFile)
    }

    @Test func aTensorInTwoShardsIsRefused() throws {
        let folder = try TemporaryFolder(copyOf: "llama-sharded")
        try folder.write(
            "model-00002-of-00004.safetensors",
            try folder.bytes("model-00001-of-00004.safetensors"))
        #expect(failure(folder)?.code == .damagedFile)
    }
}
