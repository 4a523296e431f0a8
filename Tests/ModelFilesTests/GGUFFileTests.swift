import Foundation
import ModelFiles
import SpinDomain
import Testing

@Suite struct GGUFFileTests {
    private static func bytes(_ put: (inout ByteBuilder) -> Void) -> [UInt8] {
        var builder = ByteBuilder()
        put(&builder)
        return builder.bytes
    }

    private func open(_ builder: GGUFBuilder) throws -> GGUFFile {
        let folder = try TemporaryFolder()
        return try GGUFFile(try folder.write("x.gguf", builder.bytes))
    }

    @Test(arguments: [UInt32(2), 3])
    func readsEveryTypeOfMetadata(_ version: UInt32) throws {
        var builder = GGUFBuilder(version: version)
        func add(_ key: String, _ type: UInt32, _ put: (inout ByteBuilder) -> Void) {
            builder.metadata.append(GGUFBuilder.entry(key, type, Self.bytes(put)))
        }
        add("u8", 0) { $0.put(UInt8.max) }
        add("i8", 1) { $0.put(Int8.min) }
        add("u16", 2) { $0.put(UInt16.max) }
        add("i16", 3) { $0.put(Int16.min) }
        add("u32", 4) { $0.put(UInt32.max) }
        add("i32", 5) { $0.put(Int32.min) }
        add("f32", 6) { $0.put(Float(0.1).bitPattern) }
        add("bool", 7) { $0.put(UInt8(1)) }
        add("text", 8) { $0.put("Grüße\0") }
        add("u64", 10) { $0.put(UInt64.max) }
        add("i64", 11) { $0.put(Int64.min) }
        add("f64", 12) { $0.put(Double.pi.bitPattern) }
        add("nested", 9) {
            $0.put(UInt32(9))
            $0.put(UInt64(2))
            for part: [String] in [["a", "b"], []] {
                $0.put(UInt32(8))
                $0.put(UInt64(part.count))
                for text in part { $0.put(text) }
            }
        }
        let metadata = try open(builder).metadata

        #expect(metadata["u8"] == .unsigned(255) && metadata["i8"] == .signed(-128))
        #expect(metadata["u16"] == .unsigned(65_535) && metadata["i16"] == .signed(-32_768))
        #expect(metadata["u32"]?.integer == 4_294_967_295)
        #expect(metadata["i32"]?.integer == -2_147_483_648)
        #expect(metadata["f32"]?.number == Double(Float(0.1)))
        #expect(metadata["bool"]?.flag == true && metadata["text"]?.string == "Grüße\0")
        #expect(metadata["u64"] == .unsigned(.max) && metadata["u64"]?.integer == nil)
        #expect(metadata["i64"] == .signed(.min) && metadata["f64"] == .float(.pi))
        #expect(
            metadata["nested"] == .array([.array([.string("a"), .string("b")]), .array([])]))
    }

    @Test func axesAreReversedAndAlignmentIsKept() throws {
        var builder = GGUFBuilder(dataBytes: 256, alignment: 128)
        builder.metadata = [
            GGUFBuilder.entry("general.alignment", 4, Self.bytes { $0.put(UInt32(128)) })
        ]
        builder.tensors = [
            GGUFBuilder.tensor("b", axes: [4, 2], offset: 128), GGUFBuilder.tensor("a", axes: [3]),
        ]
        let file = try open(builder)
        #expect(file["b"]?.shape == [2, 4] && file["a"]?.shape == [3])
        #expect(try #require(file["b"]).floats() == [Float](repeating: 0, count: 8))
    }

    @Test func anUnknownKindIsAnErrorOnlyWhenWanted() throws {
        let file = try open(GGUFBuilder(tensors: [GGUFBuilder.tensor(kind: 16)], dataBytes: 32))
        let error = #expect(throws: SpinError.self) { try #require(file["a"]).floats() }
        #expect(error?.code == .unsupported)
    }

    static let damaged: [(String, GGUFBuilder)] = [
        ("wrong magic", GGUFBuilder(magic: 0x4747_5546)),
        ("version 0", GGUFBuilder(version: 0)), ("version 1", GGUFBuilder(version: 1)),
        ("version 4", GGUFBuilder(version: 4)), ("big-endian", GGUFBuilder(version: 0x0300_0000)),
        ("too many tensors", GGUFBuilder(tensorCount: 1)),
        ("all tensors there can be", GGUFBuilder(tensorCount: .max)),
        ("negative count", GGUFBuilder(metadataCount: 1 << 63)),
        ("too much metadata", GGUFBuilder(metadataCount: 1 << 40)),
        ("unknown type", metadata(13, [0])), ("truth value 2", metadata(7, [2])),
        ("text over the end", metadata(8, bytes { $0.put(UInt64(1) << 20) })),
        ("text of 2^63 bytes", metadata(8, bytes { $0.put(UInt64(1) << 63) })),
        ("text that is not UTF-8", metadata(8, bytes { $0.put(UInt64(1)) } + [0xFF])),
        ("array over the end", metadata(9, array(0, 1 << 30))),
        ("array of 2^64 - 1", metadata(9, array(10, .max))),
        ("array of unknown type", metadata(9, array(99, 1) + [0])),
        ("arrays nested too deeply", metadata(9, (0..<9).flatMap { _ in array(9, 1) })),
        ("the key twice", GGUFBuilder(metadata: [entry(0), entry(1)])),
        ("alignment 0", alignment(0)), ("alignment 24", alignment(24)),
        ("alignment 2^31", alignment(1 << 31)),
        ("alignment of wrong type", GGUFBuilder(metadata: [text("general.alignment")])),
        ("no axes", tensor(GGUFBuilder.tensor(axes: []))),
        ("five axes", tensor(GGUFBuilder.tensor(axes: [1, 1, 1, 1, 1]))),
        ("many axes", tensor(GGUFBuilder.tensor(axisCount: .max))),
        ("axis 0", tensor(GGUFBuilder.tensor(axes: [0]))),
        ("axis 2^63", tensor(GGUFBuilder.tensor(axes: [1 << 63]))),
        ("product overflows", tensor(GGUFBuilder.tensor(axes: [1 << 32, 1 << 32]))),
        ("bytes overflow", tensor(GGUFBuilder.tensor(axes: [1 << 62]))),
        ("reaches over the end", tensor(GGUFBuilder.tensor(axes: [9]))),
        ("offset over the end", tensor(GGUFBuilder.tensor(offset: 64))),
        ("offset 2^64 - 32", tensor(GGUFBuilder.tensor(offset: .max - 31))),
        ("offset not aligned", tensor(GGUFBuilder.tensor(axes: [1], offset: 4))),
        ("half a block", tensor(GGUFBuilder.tensor(axes: [16], kind: 8))),
        ("half a super-block", tensor(GGUFBuilder.tensor(axes: [32], kind: 12))),
        ("unknown kind over the end", tensor(GGUFBuilder.tensor(kind: 16, offset: 1 << 40))),
        (
            "the tensor twice",
            GGUFBuilder(tensors: [GGUFBuilder.tensor(), GGUFBuilder.tensor()], dataBytes: 32)
        ),
        (
            "overlap",
            GGUFBuilder(tensors: [GGUFBuilder.tensor(), GGUFBuilder.tensor("b")], dataBytes: 32)
        ),
        ("no data", GGUFBuilder(tensors: [GGUFBuilder.tensor()])),
    ]

    private static func metadata(_ type: UInt32, _ value: [UInt8]) -> GGUFBuilder {
        GGUFBuilder(metadata: [GGUFBuilder.entry("key", type, value)])
    }

    private static func entry(_ value: UInt8) -> [UInt8] { GGUFBuilder.entry("key", 0, [value]) }

    private static func text(_ key: String) -> [UInt8] {
        GGUFBuilder.entry(key, 8, bytes { $0.put("32") })
    }

    private static func array(_ type: UInt32, _ count: UInt64) -> [UInt8] {
        bytes {
            $0.put(type)
            $0.put(count)
        }
    }

    private static func alignment(_ value: UInt32) -> GGUFBuilder {
        GGUFBuilder(metadata: [GGUFBuilder.entry("general.alignment", 4, bytes { $0.put(value) })])
    }

    private static func tensor(_ tensor: [UInt8]) -> GGUFBuilder {
        GGUFBuilder(tensors: [tensor], dataBytes: 32)
    }

    @Test(arguments: damaged)
    func refuses(_ what: String, _ builder: GGUFBuilder) throws {
        let error = #expect(throws: SpinError.self, "\(what)") { try open(builder) }
        #expect(error?.code == .damagedFile || error?.code == .unsupported)
    }

    @Test func refusesAFileCutShortAnywhereInItsHeader() throws {
        let folder = try TemporaryFolder()
        let whole = try Fixture.bytes("qwen2.gguf")
        // The data of the last tensor ends with the file, up to its padding.
        for length in Array(0..<4_000) + [whole.count / 2, whole.count - 64] {
            let url = try folder.write("x.gguf", whole.prefix(length))
            #expect(throws: SpinError.self) { try ModelReader.describe(url) }
        }
    }

    @Test func aScaleThatIsNotFiniteIsRefused() throws {
        let folder = try TemporaryFolder()
        for kind in ElementType.allCases where kind.blockElements > 1 {
            var block = [UInt8](repeating: 1, count: kind.blockBytes)
            let place = kind == .q6_K ? 208 : 0
            block[place] = 0
            block[place + 1] = 0x7C
            let codes: [ElementType: UInt32] = [
                .q4_0: 2, .q4_1: 3, .q5_0: 6, .q5_1: 7, .q8_0: 8, .q4_K: 12, .q5_K: 13, .q6_K: 14,
            ]
            let builder = GGUFBuilder(
                tensors: [
                    GGUFBuilder.tensor(
                        axes: [UInt64(kind.blockElements)], kind: try #require(codes[kind]))
                ])
            let file = try GGUFFile(try folder.write("x.gguf", builder.bytes + block))
            let error = #expect(throws: SpinError.self) { try #require(file["a"]).floats() }
            #expect(error?.code == .damagedFile)
        }
    }
}
