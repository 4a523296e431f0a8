import DurableFiles
import Foundation
import ModelFiles
import SpinDomain
import Testing

@Suite struct SafetensorsFileTests {
    /// A file of a header text and so many bytes of zeros as data.
    private func file(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
        var builder = ByteBuilder()
        builder.put(length ?? UInt64(header.utf8.count))
        return builder.bytes + Array(header.utf8) + [UInt8](repeating: 0, count: data)
    }

    private func entry(
        _ kind: String = "\"F32\"", _ shape: String = "[2,3]", _ offsets: String = "[0,24]"
    ) -> String {
        "{\"dtype\":\(kind),\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }

    @Test func readsWhatTheFormatAllows() throws {
        let folder = try TemporaryFolder()
        let header = """
            {"b":\(entry("\"F64\"", "[2]", "[24,40]")),"__metadata__":{"format":"pt"},
            "a":\(entry()),"scalar":\(entry("\"F16\"", "[]", "[40,42]")),
            "empty":\(entry("\"F32\"", "[0,7]", "[42,42]"))}   
            """
        let file = try SafetensorsFile(try folder.write("x", file(header, data: 42)))

        #expect(Set(file.names) == ["a", "b", "scalar", "empty"])
        #expect(file.names.first == "a")
        #expect(file.metadata == ["format": "pt"])
        #expect(file.shape(of: "a") == [2, 3])
        #expect(try file.floats("b") == [0, 0])
        #expect(try file.floats("scalar") == [0])
        #expect(try file.floats("empty") == [])
        #expect(throws: SpinError.self) { try file.floats("c") }
    }

    @Test func anUnknownKindIsAnErrorOnlyWhenWanted() throws {
        let folder = try TemporaryFolder()
        let header = "{\"a\":\(entry("\"F4_NEW\"", "[5]", "[0,3]"))}"
        let file = try SafetensorsFile(try folder.write("x", file(header, data: 3)))
        let error = #expect(throws: SpinError.self) { try file.floats("a") }
        #expect(error?.code == .unsupported)
    }

    /// Header, bytes of data.
    static let damaged: [(String, Int)] = {
        func one(_ kind: String, _ shape: String, _ offsets: String) -> String {
            "{\"a\":{\"dtype\":\(kind),\"shape\":\(shape),\"data_offsets\":\(offsets)}}"
        }
        let good = "{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}"
        func two(_ offsets: String) -> String {
            "{\"a\":\(good),\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(offsets)}}"
        }
        return [
            ("", 0), ("[]", 0), ("null", 0), ("{\"a\":1}", 0), ("{\"a\":{}}", 0), ("{", 0),
            ("{\"a\":\(good)}", 23), ("{\"a\":\(good)}", 25), ("{\"a\":\(good)}", 0),
            ("{\"a\":\(good),\"a\":\(good)}", 24), ("{\"a\":\(good)}x", 24), ("{}", 1),
            ("{\"__metadata__\":[]}", 0), ("{\"__metadata__\":{\"a\":1}}", 0),
            (one("32", "[2,3]", "[0,24]"), 24), (one("\"F32\"", "6", "[0,24]"), 24),
            (one("\"F32\"", "[2,\"3\"]", "[0,24]"), 24), (one("\"F32\"", "[2,1.5]", "[0,12]"), 12),
            (one("\"F32\"", "[-2,-3]", "[0,24]"), 24), (one("\"F32\"", "[2,-3]", "[0,24]"), 24),
            (one("\"F32\"", "[4294967296,4294967296]", "[0,0]"), 0),
            (one("\"F32\"", "[4294967296,4294967296,0]", "[0,0]"), 0),
            (one("\"F32\"", "[4611686018427387904]", "[0,0]"), 0),
            (one("\"F32\"", "[99999999999999999999]", "[0,24]"), 24),
            (one("\"F16\"", "[2,3]", "[0,24]"), 24), (one("\"F32\"", "[7]", "[0,24]"), 24),
            (one("\"F32\"", "[2,3]", "[24,0]"), 24), (one("\"F32\"", "[2,3]", "[0]"), 24),
            (one("\"F32\"", "[2,3]", "[0,24,48]"), 24), (one("\"F32\"", "[2,3]", "[-24,0]"), 24),
            (one("\"F32\"", "[2,3]", "[0,9223372036854775807]"), 24),
            (one("\"F32\"", "[2,3]", "[8,32]"), 24), (one("\"F32\"", "[2,3]", "{}"), 24),
            (one("\"F32\"", "[2,3]", "[4,28]"), 28), (one("\"X\"", "[2]", "[0,25]"), 24),
            (two("[20,24]"), 24), (two("[28,32]"), 32), (two("[0,4]"), 24),
        ]
    }()

    @Test(arguments: damaged)
    func refuses(_ header: String, _ data: Int) throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("x", file(header, data: data))
        let error = #expect(throws: SpinError.self) { try SafetensorsFile(url) }
        #expect(error?.code == .damagedFile)
    }

    @Test(arguments: [1, 100_000_001, 1 << 40, UInt64(Int64.max), UInt64(Int64.max) + 1, .max])
    func refusesAHeaderLength(_ length: UInt64) throws {
        let folder = try TemporaryFolder()
        let url = try folder.write(
            "x", file("{\"a\":\(entry())}", data: 24, length: length))
        #expect(throws: SpinError.self) { try SafetensorsFile(url) }
    }

    @Test func refusesAFileCutShortAnywhere() throws {
        let folder = try TemporaryFolder()
        let whole = file("{\"a\":\(entry())}", data: 24)
        for length in 0..<whole.count {
            let url = try folder.write("x", whole.prefix(length))
            #expect(throws: SpinError.self) { try SafetensorsFile(url) }
        }
        #expect(try SafetensorsFile(try folder.write("x", whole)).names == ["a"])
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN])
    func refusesAValueThatIsNotFinite(_ value: Float) throws {
        let folder = try TemporaryFolder()
        var bytes = file("{\"a\":\(entry())}", data: 20)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += Array($0) }
        let file = try SafetensorsFile(try folder.write("x", bytes))
        let error = #expect(throws: SpinError.self) { try file.floats("a") }
        #expect(error?.code == .damagedFile)
        #expect(error?.message.contains("'a'") == true)
    }

    @Test func aFileCutWhileItIsReadIsAnErrorAndNoCrash() throws {
        let folder = try TemporaryFolder()
        let url = try folder.write("x", file("{\"a\":\(entry())}", data: 24))
        let file = try SafetensorsFile(url)
        #expect(truncate(url.path, 20) == 0)
        #expect(throws: SpinError.self) { try file.floats("a") }
    }

    @Test func aFolderAndAPipeAreNoFiles() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.url.appending(path: "pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        for url in [folder.url, pipe, URL(filePath: "/dev/zero")] {
            let error = #expect(throws: SpinError.self) { try SafetensorsFile(url) }
            #expect(error?.code == .damagedFile)
        }
    }

    @Test func theWriterMakesWhatTheReaderReads() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "x.safetensors")
        let writer = try SafetensorsWriter(
            url,
            tensors: [
                .init(name: "weights", shape: [2, 2]),
                .init(name: "counters", kind: .signed64, shape: [2]),
                .init(name: "state", kind: .bytes, shape: [3]),
                .init(name: "ids", kind: .unsigned32, shape: [1]),
            ], metadata: ["format": "pt", "step": "7"])
        try [Float](arrayLiteral: 1, 2, 3, 4).withUnsafeBytes { try writer.append($0) }
        try [Int64](arrayLiteral: -5, .max).withUnsafeBytes { try writer.append($0) }
        try [UInt8](arrayLiteral: 1, 2, 3).withUnsafeBytes { try writer.append($0) }
        try [UInt32](arrayLiteral: .max).withUnsafeBytes { try writer.append($0) }
        let written = try writer.finish()

        let file = try SafetensorsFile(url)
        #expect(try file.floats("weights") == [1, 2, 3, 4])
        #expect(try file.integers("counters") == [-5, .max])
        #expect(throws: SpinError.self) { try file.integers("weights") }
        #expect(file.shape(of: "state") == [3] && file.shape(of: "ids") == [1])
        #expect(file.metadata == ["format": "pt", "step": "7"])
        let bytes = try Data(contentsOf: url)
        var hasher = SHA256Hasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        #expect(
            written
                == WrittenFile(
                    name: "x.safetensors", bytes: bytes.count, sha256: hasher.finish()))
        #expect((try folder.bytes("x.safetensors").count - 4 - 3 - 16 - 16) % 8 == 0)
    }

    @Test func anAbandonedWriterLeavesNothing() throws {
        let folder = try TemporaryFolder()
        do {
            let writer = try SafetensorsWriter(
                folder.url.appending(path: "x"), tensors: [.init(name: "a", shape: [1])])
            _ = writer
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }
}
