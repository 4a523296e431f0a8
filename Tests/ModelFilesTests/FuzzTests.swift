import Foundation
import ModelFiles
import SpinDomain
import Testing

/// Thousands of damaged files: each is an error or a model, never a crash.
///
/// The damage is the same in every run.
@Suite struct FuzzTests {
    private static let rounds = 1_500

    /// Bytes that lengths, counts and JSON are sensitive to.
    private static let telling: [UInt8] = [
        0x00, 0x01, 0x7F, 0x80, 0xFF, UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "\""),
        UInt8(ascii: "{"), UInt8(ascii: "]"), UInt8(ascii: ","),
    ]

    /// Changes 1 to 4 bytes among the first `range` of a file, and sometimes cuts it short.
    private func damage(
        _ bytes: [UInt8], within range: Int, _ random: inout SplitMix
    ) -> [UInt8] {
        var damaged = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0..<range, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: damaged[place] = UInt8.random(in: 0...255, using: &random)
            case 2: damaged[place] = Self.telling.randomElement(using: &random) ?? 0
            default:
                // A field of eight bytes at its extremes.
                let end = min(place + 8, range)
                let value: UInt8 = Bool.random(using: &random) ? 0xFF : 0x7F
                damaged.replaceSubrange(
                    place..<end, with: [UInt8](repeating: value, count: end - place))
            }
        }
        if Int.random(in: 0..<8, using: &random) == 0 {
            damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random))
        }
        return damaged
    }

    /// Reads a damaged model; anything but a model or a `SpinError` fails the test.
    private func read(_ url: URL, _ counts: inout (models: Int, errors: Int)) throws {
        do {
            _ = try ModelReader.load(url)
            counts.models += 1
        } catch let error as SpinError {
            #expect(!error.message.isEmpty)
            counts.errors += 1
        }
    }

    @Test(arguments: Fixture.ggufFiles)
    func damagedGGUFFiles(_ name: String) throws {
        let whole = try Fixture.bytes(name)
        let folder = try TemporaryFolder()
        var random = SplitMix(state: 1)
        var counts = (models: 0, errors: 0)
        for _ in 0..<Self.rounds {
            // Metadata and tensor table take the first 3,000 bytes or so.
            let url = try folder.write("x.gguf", damage(whole, within: 3_000, &random))
            try read(url, &counts)
        }
        #expect(counts.models + counts.errors == Self.rounds)
        #expect(counts.errors > Self.rounds / 2)
    }

    @Test(arguments: ["qwen3", "gpt2"], ["model.safetensors", "config.json"])
    func damagedFolders(_ fixture: String, _ file: String) throws {
        let folder = try TemporaryFolder(copyOf: fixture)
        let whole = try folder.bytes(file)
        let range = min(whole.count, 2_500)
        var random = SplitMix(state: 2)
        var counts = (models: 0, errors: 0)
        for _ in 0..<Self.rounds {
            try folder.write(file, damage(whole, within: range, &random))
            try read(folder.url, &counts)
        }
        #expect(counts.models + counts.errors == Self.rounds)
        #expect(counts.errors > Self.rounds / 4)
    }

    @Test func damagedIndexes() throws {
        let folder = try TemporaryFolder(copyOf: "llama-sharded")
        let whole = try folder.bytes("model.safetensors.index.json")
        var random = SplitMix(state: 3)
        var counts = (models: 0, errors: 0)
        for _ in 0..<Self.rounds / 4 {
            try folder.write(
                "model.safetensors.index.json", damage(whole, within: whole.count, &random))
            try read(folder.url, &counts)
        }
        #expect(counts.errors > Self.rounds / 8)
    }
}
