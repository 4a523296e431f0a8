import API
import Foundation
import SpinDomain
import Storage
import Testing

struct KeyRoutesTests {
    @Test(arguments: Transport.allCases)
    func aKeyIsShownOnceAndThenOnlyDescribed(transport: Transport) throws {
        let service = try TestService(transport)
        let answer = try service.send(
            "POST", "/v1/keys", json: #"{"name":"ada","scope":"admin","expires_in_days":30}"#)
        #expect(answer.status == 201)
        #expect(answer.header("Cache-Control") == "no-store")
        let made = try answer.json
        let text = try #require(made["key"]?.string)
        let id = try #require(made["id"]?.string)
        #expect(answer.header("Location") == "/v1/keys/\(id)")
        #expect(made["expires_at"] == "2026-12-22T22:15:46.000123Z")

        let secret = try #require(text.split(separator: "_").last)
        for path in ["/v1/keys", "/v1/keys/\(id)"] {
            let shown = try service.send("GET", path, key: text)
            #expect(shown.status == 200)
            #expect(shown.text.contains(id) && !shown.text.contains(secret))
        }
    }

    @Test func theFirstKeyIsAnAdmins() throws {
        let service = try TestService()
        let answer = try service.send(
            "POST", "/v1/keys", json: #"{"name":"bob","scope":"read"}"#)
        _ = try answer.problem(409, "conflict")
        #expect(service.keys.isEmpty)
    }

    @Test(arguments: [
        ("{}", ["/name", "/scope"]), (#"{"name":"","scope":"read"}"#, ["/name"]),
        (#"{"name":"a","scope":"root"}"#, ["/scope"]),
        (#"{"name":"a","scope":"read","expires_in_days":0}"#, ["/expires_in_days"]),
        (#"{"name":"a","scope":"read","expires_in_days":4000}"#, ["/expires_in_days"]),
        (#"{"name":"a","scope":"read","days":4}"#, ["/days"]), ("[]", ["", "/name", "/scope"]),
    ])
    func aBadRequestNamesEveryField(document: String, pointers: [String]) throws {
        let problem = try TestService().send("POST", "/v1/keys", json: document)
            .problem(422, "invalid")
        #expect(Set(problem.pointers).isSubset(of: Set(pointers)))
        #expect(!problem.pointers.isEmpty)
    }

    @Test func aRevokedKeyIsRefusedAtOnce() throws {
        let service = try TestService()
        let texts = try service.issueKeys()
        let (admin, reader) = try (#require(texts[.admin]), #require(texts[.read]))
        #expect(try service.send("GET", "/v1/jobs", key: reader).status == 200)
        let id = try #require(service.keys.keys.first { $0.scope == .read }).id
        #expect(try service.send("DELETE", "/v1/keys/\(id)", key: admin).status == 204)
        _ = try service.send("GET", "/v1/jobs", key: reader).problem(401, "unauthorized")
        _ = try service.send("DELETE", "/v1/keys/\(id)", key: admin).problem(404, "not_found")
        _ = try service.send("GET", "/v1/keys/\(id)", key: admin).problem(404, "not_found")
    }

    @Test func theLastAdminCannotLockEverybodyOut() throws {
        let service = try TestService()
        let texts = try service.issueKeys()
        let admin = try #require(texts[.admin])
        let id = try #require(service.keys.keys.first { $0.scope == .admin }).id
        _ = try service.send("DELETE", "/v1/keys/\(id)", key: admin).problem(409, "conflict")
        let other = try service.keys.issue(KeyRequest(name: "next", scope: .admin)).text
        #expect(try service.send("DELETE", "/v1/keys/\(id)", key: other).status == 204)
    }

    @Test func anExpiredKeyIsRefusedAndOpensNoDoor() throws {
        let clock = HandClock()
        let service = try TestService(clock: clock)
        let text = try service.keys.issue(
            KeyRequest(name: "short", scope: .admin, expiresInDays: 1)
        ).text
        #expect(try service.send("GET", "/v1/jobs", key: text).status == 200)
        clock.advance(seconds: 86_399)
        #expect(try service.send("GET", "/v1/jobs", key: text).status == 200)
        clock.advance(seconds: 1)
        _ = try service.send("GET", "/v1/jobs", key: text).problem(401, "unauthorized")
        _ = try service.send("GET", "/v1/jobs").problem(401, "unauthorized")
    }

    @Test func theOperatorsKeyCountsWithoutBeingStored() throws {
        let text = String(repeating: "k", count: 40)
        let service = try TestService(operatorKey: text)
        _ = try service.send("GET", "/v1/jobs").problem(401, "unauthorized")
        _ = try service.send("GET", "/v1/jobs", key: text + "k").problem(401, "unauthorized")
        #expect(try service.send("GET", "/v1/keys", key: text).json["data"] == [])
        // With it the first key may be anybody's, and the last one can go.
        let made = try service.send(
            "POST", "/v1/keys", key: text, json: #"{"name":"bob","scope":"read"}"#)
        #expect(made.status == 201)
        let id = try made.json["id"]?.string ?? ""
        #expect(try service.send("DELETE", "/v1/keys/\(id)", key: text).status == 204)
    }

    @Test func keysSurviveARestartWithoutTheirSecrets() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("spind-keys-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try SQLiteStore(dataFolder: folder.path)
        let text = try KeyRing(store: store, clock: FixedClock())
            .issue(KeyRequest(name: "ada", scope: .admin)).text
        let again = try KeyRing(store: store, clock: FixedClock())
        #expect(again.keys.map(\.name) == ["ada"])
        try store.close()

        let secret = try #require(text.split(separator: "_").last)
        let bytes = stride(from: 0, to: secret.count, by: 2).map { offset in
            let start = secret.index(secret.startIndex, offsetBy: offset)
            return UInt8(secret[start..<secret.index(start, offsetBy: 2)], radix: 16) ?? 0
        }
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let data = try Data(contentsOf: folder.appendingPathComponent(file))
            #expect(data.range(of: Data(secret.utf8)) == nil)
            #expect(data.range(of: Data(bytes)) == nil)
        }
    }
}
