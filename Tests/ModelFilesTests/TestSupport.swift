import DurableFiles
import Foundation
import ModelFiles
import SpinDomain
import Tensors
import Testing
import Transformer

/// The files that Fixtures/make_fixtures.py made.
enum Fixture {
    static let folders = [
        "llama-sharded", "llama-bfloat16", "mistral-float16", "qwen2", "qwen3", "gpt2", "gpt2-bare",
    ]
    static let ggufFiles = ["llama.gguf", "qwen2.gguf"]

    static func url(_ name: String) throws -> URL {
        let folder = try #require(Bundle.module.resourceURL)
        return folder.appending(path: "Fixtures").appending(path: name)
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: try url(name)))
    }

    /// SHA-256 of each parameter of a fixture, by the parameter's name as a text.
    static func expected(_ name: String) throws -> [String: String] {
        let all = try JSONDecoder().decode(
            [String: [String: String]].self,
            from: try Data(contentsOf: try url("expected.json")))
        return try #require(all[name])
    }
}

/// A folder of its own for a test, gone with it.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "model-files-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    /// A copy of a fixture folder whose files can be changed.
    convenience init(copyOf fixture: String) throws {
        try self.init()
        try FileManager.default.removeItem(at: url)
        try FileManager.default.copyItem(at: try Fixture.url(fixture), to: url)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> URL {
        let file = url.appending(path: name)
        try Data(bytes).write(to: file)
        return file
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> URL {
        try write(name, text.utf8)
    }

    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: url.appending(path: name)))
    }

    /// Sets or removes keys of the folder's `config.json`.
    func configure(_ changes: [String: JSONValue?]) throws {
        var object = try JSONParser.parseObject(
            try bytes("config.json"), file: "config.json")
        for (key, value) in changes { object[key] = value }
        try write("config.json", JSONValue.object(object).indentedText)
    }
}

extension ParameterArena {
    /// SHA-256 of each parameter's floats, by the parameter's name as a text.
    func digests() -> [String: String] {
        var digests: [String: String] = [:]
        for entry in layout.entries {
            var hasher = SHA256Hasher()
            hasher.update(
                UnsafeRawBufferPointer(
                    start: buffer.pointer + entry.offset, count: 4 * entry.count))
            digests[entry.name.text] = hasher.finish()
        }
        return digests
    }

    var floats: [Float] {
        Array(UnsafeBufferPointer(start: buffer.pointer, count: layout.count))
    }
}

extension ParameterName {
    /// As in Fixtures/expected.json.
    var text: String {
        if case .layer(let layer, let part) = self { return "layer \(layer) \(part)" }
        return "\(self)"
    }
}

/// SplitMix64: the same damage in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Little-endian bytes put one after the other.
struct ByteBuilder {
    var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) }
    }

    /// A GGUF string.
    mutating func put(_ text: String) {
        put(UInt64(text.utf8.count))
        bytes += Array(text.utf8)
    }
}
