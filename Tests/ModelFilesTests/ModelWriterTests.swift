import DurableFiles
import Foundation
import ModelFiles
import SpinDomain
import Tensors
import Testing
import Transformer

@Suite struct ModelWriterTests {
    @Test(arguments: Fixture.folders + Fixture.ggufFiles)
    func whatIsWrittenIsReadBackBitForBit(_ name: String) throws {
        let (description, weights) = try ModelReader.load(try Fixture.url(name))
        let folder = try TemporaryFolder()

        let written = try ModelWriter.write(
            weights: weights, description: description,
            extraFiles: ["tokenizer.json": Data("{}".utf8)], to: folder.url)
        let (again, copy) = try ModelReader.load(folder.url)

        #expect(copy.floats == weights.floats)
        #expect(again.configuration == description.configuration)
        #expect(again.family == description.family)
        #expect(again.endTokenIDs == description.endTokenIDs)
        #expect(again.beginTokenID == description.beginTokenID)
        #expect(again.padTokenID == description.padTokenID)
        let names = [
            "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        ]
        #expect(written.map(\.name) == names)
        for file in written {
            var hasher = SHA256Hasher()
            let bytes = try folder.bytes(file.name)
            bytes.withUnsafeBytes { hasher.update($0) }
            #expect(file.bytes == bytes.count && file.sha256 == hasher.finish())
        }
    }

    @Test(arguments: ["llama-sharded", "gpt2", "llama.gguf"])
    func theSameWeightsGiveTheSameBytes(_ name: String) throws {
        let (description, weights) = try ModelReader.load(try Fixture.url(name))
        let first = try TemporaryFolder()
        let second = try TemporaryFolder()
        let one = try ModelWriter.write(
            weights: weights, description: description, to: first.url)
        // From a second reading, and over what is already there.
        let (description2, weights2) = try ModelReader.load(first.url)
        for _ in 0..<2 {
            let two = try ModelWriter.write(
                weights: weights2, description: description2, to: second.url)
            #expect(one == two)
        }
    }

    @Test func writesTheFamilysOwnNamesAndOrientation() throws {
        let (description, weights) = try ModelReader.load(try Fixture.url("gpt2-bare"))
        let folder = try TemporaryFolder()
        _ = try ModelWriter.write(weights: weights, description: description, to: folder.url)

        let written = try SafetensorsFile(folder.url.appending(path: "model.safetensors"))
        let original = try SafetensorsFile(
            try Fixture.url("gpt2-bare").appending(path: "model.safetensors"))
        #expect(written.metadata == ["format": "pt"])
        #expect(written.shape(of: "transformer.h.0.attn.c_attn.weight") == [24, 72])
        for name in written.names {
            let bare = String(name.dropFirst("transformer.".count))
            #expect(try written.floats(name) == (try original.floats(bare)))
            #expect(written.shape(of: name) == original.shape(of: bare))
        }
    }

    @Test func theConfigurationKeepsItsKeysAndOrder() throws {
        let folder = try TemporaryFolder(copyOf: "llama-bfloat16")
        try folder.configure(["a_key_of_the_future": .array([.number(1.5)])])
        let description = try ModelReader.describe(folder.url)

        let before = try JSONParser.parseObject(
            try folder.bytes("config.json"), file: "")
        let after = try JSONParser.parseObject(
            Array(description.configurationJSON), file: "")
        var expected = before
        expected["torch_dtype"] = .string("float32")
        expected["dtype"] = .string("float32")
        #expect(before["torch_dtype"] == .string("bfloat16"))
        #expect(after == expected)
    }

    @Test(arguments: ["config.json", "model.safetensors", "../x", "a/b", "", ".", "..", ".hidden"])
    func extraFilesCannotLeaveTheFolderOrReplaceTheModel(_ name: String) throws {
        let (description, weights) = try ModelReader.load(try Fixture.url("qwen3"))
        let folder = try TemporaryFolder()
        let error = #expect(throws: SpinError.self) {
            try ModelWriter.write(
                weights: weights, description: description, extraFiles: [name: Data()],
                to: folder.url)
        }
        #expect(error?.code == .invalid)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test(arguments: ["qwen3", "gpt2"])
    func momentsOfAnOptimizerGoTheSameWay(_ name: String) throws {
        let (description, first) = try ModelReader.load(try Fixture.url(name))
        let second = ParameterArena(first.layout)
        for (index, value) in first.floats.enumerated() {
            second.buffer.pointer[index] = value * value
        }
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "optimizer.safetensors")
        _ = try ArenaFile.write(
            [("first.", first), ("second.", second)], family: description.family, to: url)

        let (one, two) = (ParameterArena(first.layout), ParameterArena(first.layout))
        try ArenaFile.read(
            url, into: [("first.", one), ("second.", two)], family: description.family)
        #expect(one.floats == first.floats && two.floats == second.floats)
        #expect(throws: SpinError.self) {
            try ArenaFile.read(url, into: [("third.", one)], family: description.family)
        }
    }

    /// A Python with transformers, if SPIND_PYTHON or the path has one.
    private static let python: String? = {
        let python = ProcessInfo.processInfo.environment["SPIND_PYTHON"] ?? "python3"
        return (try? run(python, ["-c", "import torch, transformers"])) == 0 ? python : nil
    }()

    private static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test(
        .enabled(
            if: python != nil, "no Python with torch and transformers (SPIND_PYTHON names one)"),
        arguments: Fixture.folders)
    func transformersSeesTheSameModel(_ name: String) throws {
        let source = try Fixture.url(name)
        let (description, weights) = try ModelReader.load(source)
        let folder = try TemporaryFolder()
        _ = try ModelWriter.write(weights: weights, description: description, to: folder.url)
        let script = try Fixture.url("check_transformers.py").path
        let status = try Self.run(
            try #require(Self.python), [script, source.path, folder.url.path])
        #expect(status == 0)
    }
}
