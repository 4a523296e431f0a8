import Client
import Foundation
import MicroHTTP
import SpinDomain
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ServerConnectionTests {
    /// The key that a server gets to see.
    private func keyShown(keyFile: String? = nil, _ environment: [String: String]) throws -> String?
    {
        let server = try ScriptedServer { _, _ in .json([:]) }
        let connection = try ServerConnection(
            server: try server.client().address.url, keyFile: keyFile, trustFile: nil,
            trustsAnyone: false, environment: environment)
        _ = try ServerClient(connection).get("/")
        return server.requests.last?.header("Authorization")
    }

    @Test func aFlagCountsBeforeTheEnvironment() throws {
        let file = NSTemporaryDirectory() + "/spind-key-" + UUID().uuidString
        try Data("spind_in_file\n".utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        #expect(try keyShown([:]) == nil)
        #expect(try keyShown(["SPIND_KEY": "a"]) == "Bearer a")
        #expect(try keyShown(["SPIND_KEY_FILE": file]) == "Bearer spind_in_file")
        #expect(try keyShown(["SPIND_KEY": "a", "SPIND_KEY_FILE": file]) == "Bearer a")
        #expect(try keyShown(keyFile: file, ["SPIND_KEY": "a"]) == "Bearer spind_in_file")
        #expect(throws: SpinError.self) { try keyShown(keyFile: file + "x", [:]) }
        #expect(throws: SpinError.self) { try keyShown(["SPIND_KEY": "a\r\nX-Evil: 1"]) }
    }

    @Test func theServerIsThatOfTheFlagOrTheEnvironmentOrTheUsualOne() throws {
        func url(_ flag: String?, _ environment: [String: String]) throws -> String {
            try ServerConnection(
                server: flag, keyFile: nil, trustFile: nil, trustsAnyone: false,
                environment: environment
            ).address.url
        }
        #expect(try url(nil, [:]) == "http://127.0.0.1:8080")
        #expect(try url(nil, ["SPIND_SERVER": "http://b:2"]) == "http://b:2")
        #expect(try url("http://c:3", ["SPIND_SERVER": "http://b:2"]) == "http://c:3")
    }
}
