import Client
import Foundation
import MicroHTTP
import SpinDomain
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CheckpointDownloadTests {
    // printf weights | sha256sum
    private static let sha256 = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"

    private static func checkpoint(_ name: String, sha256: String = sha256) -> JSONValue {
        [
            "id": "ckpt_1",
            "files": [["name": .string(name), "bytes": 7, "sha256": .string(sha256)]],
        ]
    }

    private let folder = URL(
        fileURLWithPath: NSTemporaryDirectory() + "/spind-pull-" + UUID().uuidString)

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    }

    private func pull(
        _ checkpoint: JSONValue, from server: ScriptedServer, replaces: Bool = false,
        isForTraining: Bool = true
    ) throws {
        try CheckpointDownload(server.client(), checkpoint, isForTraining: isForTraining)
            .run(into: folder, replaces: replaces) { _, _, _ in }
    }

    @Test func aFileArrivesOnceAndIsNotFetchedAgain() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try ScriptedServer { _, _ in .text("weights") }
        try pull(Self.checkpoint("a b.bin"), from: server)
        try pull(Self.checkpoint("a b.bin"), from: server)
        #expect(names == ["a b.bin"])
        #expect(server.requests.map(\.target) == ["/v1/checkpoints/ckpt_1/files/a%20b.bin"])
    }

    @Test(arguments: ["weightz", "weight", "weights!"])
    func contentsThatTheServerDoesNotStateAreNotKept(contents: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try ScriptedServer { _, _ in .text(contents) }
        let error = #expect(throws: SpinError.self) {
            try pull(Self.checkpoint("m.bin"), from: server)
        }
        #expect(error?.code == .damagedFile && names.isEmpty)
    }

    @Test func aRefusalIsNoFile() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try ScriptedServer { _, _ in .problem(410, ["detail": "gone"]) }
        #expect(throws: ClientError.self) { try pull(Self.checkpoint("m.bin"), from: server) }
        #expect(names.isEmpty)
    }

    @Test func otherContentsAreReplacedOnlyWhenSaidSo() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("m.bin")
        try Data("mine".utf8).write(to: file)
        let server = try ScriptedServer { _, _ in .text("weights") }
        #expect(throws: SpinError.self) { try pull(Self.checkpoint("m.bin"), from: server) }
        #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
        try pull(Self.checkpoint("m.bin"), from: server, replaces: true)
        #expect(try String(contentsOf: file, encoding: .utf8) == "weights")
    }

    @Test(arguments: ["../m.bin", "/etc/passwd", "", ".", "..", ".bashrc", "a/b"])
    func aServerDoesNotChooseThePlace(name: String) throws {
        let server = try ScriptedServer { _, _ in .text("weights") }
        #expect(throws: ClientError.self) { try pull(Self.checkpoint(name), from: server) }
        #expect(server.requests.isEmpty && names.isEmpty)
    }

    @Test func theOptimizerStaysBehindWhereOnlyWeightsAreWanted() throws {
        let server = try ScriptedServer { _, _ in .text("weights") }
        defer { try? FileManager.default.removeItem(at: folder) }
        try pull(
            Self.checkpoint("optimizer.safetensors"), from: server, isForTraining: false)
        #expect(server.requests.isEmpty)
    }
}
