import Foundation
import SpinDomain
import Testing

struct RegistrationRoutesTests {
    private static let jsonl = "application/jsonl"
    private static let good = #"{"prompt":"a","response":"b"}"# + "\n"

    @Test(arguments: Transport.allCases)
    func aDataSetIsUploadedListedAndDeleted(transport: Transport) throws {
        let service = try TestService(transport)
        let answer = try service.send(
            "POST", "/v1/datasets?name=sums", type: "application/x-ndjson; charset=utf-8",
            body: Self.good + Self.good)
        #expect(answer.status == 201)
        #expect(answer.header("Location") == "/v1/datasets/sums")
        let dataset = try answer.json
        #expect(dataset["rows"] == 2)
        #expect(dataset["forms"] == ["prompt_response": 2])
        #expect(try service.send("GET", "/v1/datasets/sums").json == dataset)
        #expect(try service.send("GET", "/v1/datasets").json["data"] == [dataset])
        let file = try service.store.dataset("sums").path
        #expect(try String(contentsOfFile: file, encoding: .utf8) == Self.good + Self.good)
        _ = try service.send(
            "POST", "/v1/datasets?name=sums", type: Self.jsonl, body: Self.good
        ).problem(409, "conflict")
        #expect(try service.send("DELETE", "/v1/datasets/sums").status == 204)
        #expect(!FileManager.default.fileExists(atPath: file))
        _ = try service.send("GET", "/v1/datasets/sums").problem(404, "not_found")
        #expect(try leftovers(service).isEmpty)
    }

    @Test(arguments: Transport.allCases)
    func theSameUploadAgainIsAnsweredWithWhatIsThere(transport: Transport) throws {
        let service = try TestService(transport)
        func upload(_ body: String) throws -> Answer {
            try service.send("POST", "/v1/datasets?name=sums", type: Self.jsonl, body: body)
        }
        let first = try upload(Self.good)
        let second = try upload(Self.good)
        #expect(first.status == 201 && second.status == 200)
        #expect(try second.json == first.json)
        #expect(second.header("Location") == "/v1/datasets/sums")
        let other = Self.good.replacing("b", with: "c")
        _ = try upload(other).problem(409, "conflict")
        _ = try upload(Self.good + Self.good).problem(409, "conflict")
        #expect(try leftovers(service).isEmpty)
    }

    /// Files that no data set owns.
    private func leftovers(_ service: TestService) throws -> [String] {
        let owned = try service.store.datasets().map {
            URL(fileURLWithPath: $0.path).lastPathComponent
        }
        return ["spool", "data/datasets"].flatMap { folder in
            (try? FileManager.default.contentsOfDirectory(
                atPath: service.folder.appendingPathComponent(folder).path)) ?? []
        }.filter { !owned.contains($0) }
    }

    @Test(arguments: Transport.allCases)
    func everyBadLineIsNamed(transport: Transport) throws {
        let service = try TestService(transport)
        let body = Self.good + "{}\n" + Self.good + "[\n"
        let problem = try service.send(
            "POST", "/v1/datasets?name=bad", type: Self.jsonl, body: body
        ).problem(422, "invalid")
        #expect(
            problem["errors"] == [
                ["pointer": "/2", "line": 2, "detail": "has no prompt"],
                ["pointer": "/4", "line": 4, "detail": "has no prompt"],
            ])
        #expect(try service.send("GET", "/v1/datasets").json["data"] == [])
        #expect(try leftovers(service).isEmpty)
        let kept = try service.send(
            "POST", "/v1/datasets?name=bad&allow_bad_lines=true", type: Self.jsonl, body: body)
        #expect(kept.status == 201)
        #expect(try kept.json["bad_lines"] == 2)
        #expect(try kept.json["rows"] == 2)
    }

    @Test func aHundredBadLinesAreNamedAtMost() throws {
        let service = try TestService()
        let body = Self.good + String(repeating: "{}\n", count: 150)
        let problem = try service.send(
            "POST", "/v1/datasets?name=bad", type: Self.jsonl, body: body
        ).problem(422, "invalid")
        #expect(problem["errors"]?.array?.count == 100)
        #expect(problem["detail"]?.string?.hasPrefix("150 lines") == true)
    }

    @Test(arguments: [
        "", "name=", "name=a/b", "name=..", "name=.a", "name=a%20b", "name=%C3%A9",
        "name=" + String(repeating: "a", count: 101), "nam=a",
    ])
    func aDataSetNeedsAProperName(query: String) throws {
        _ = try TestService().send(
            "POST", "/v1/datasets?\(query)", type: Self.jsonl, body: Self.good
        ).problem(400, "malformed")
    }

    @Test(arguments: Transport.allCases)
    func aDataSetNeedsABodyOfItsType(transport: Transport) throws {
        let service = try TestService(transport)
        let path = "/v1/datasets?name=a"
        for type in ["application/json", "application/x-www-form-urlencoded", nil] {
            let answer = try service.send("POST", path, type: type, body: Self.good)
            let problem = try answer.problem(415, "unsupported_media_type")
            #expect(problem["hint"]?.string?.contains(Self.jsonl) == true)
        }
        _ = try service.send("POST", path, type: Self.jsonl, body: "").problem(400, "malformed")
        _ = try service.send("POST", path, type: Self.jsonl, body: "{}").problem(422, "invalid")
        #expect(try leftovers(service).isEmpty)
    }

    @Test func whatTheHeadSaysIsRefusedBeforeTheBody() throws {
        let service = try TestService(.socket)
        // Only a megabyte, but far more than the server reads of a body that it refuses.
        let body = String(repeating: Self.good, count: 1 << 15)
        _ = try service.send("POST", "/v1/datasets?name=a/b", type: Self.jsonl, body: body)
            .problem(400, "malformed")
        _ = try service.send("POST", "/v1/datasets?name=a", type: "text/csv", body: body)
            .problem(415, "unsupported_media_type")
    }

    @Test(arguments: Transport.allCases)
    func aModelIsRegisteredListedAndForgotten(transport: Transport) throws {
        let service = try TestService(transport)
        let body = #"{"name":"tiny","path":"tiny"}"#
        let answer = try service.send("POST", "/v1/models", json: body)
        #expect(answer.status == 201)
        #expect(answer.header("Location") == "/v1/models/tiny")
        let model = try answer.json
        #expect(model["family"] == "llama")
        #expect(model["context_length"] == 128)
        #expect(model["path"]?.string?.hasSuffix("/models/tiny") == true)
        #expect(try service.send("GET", "/v1/models/tiny").json == model)
        #expect(try service.send("GET", "/v1/models").json["data"] == [model])
        #expect(try service.send("POST", "/v1/models", json: body).status == 200)
        #expect(try service.send("DELETE", "/v1/models/tiny").status == 204)
        _ = try service.send("GET", "/v1/models/tiny").problem(404, "not_found")
    }

    @Test(arguments: [
        "/etc", "/etc/passwd", "../secret", "tiny/../../secret", "leak", "leak/secret", "nowhere",
        ".", "", "tiny/..", "/", "tiny\\u0000",
    ])
    func aModelMustLieInAModelsFolder(path: String) throws {
        let service = try TestService()
        let secret = service.folder.appendingPathComponent("secret")
        try FileManager.default.createDirectory(at: secret, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: service.folder.appendingPathComponent("models/leak"), withDestinationURL: secret)
        let problem = try service.send(
            "POST", "/v1/models", json: #"{"name":"m","path":"\#(path)"}"#
        ).problem(422, "invalid")
        #expect(problem.pointers == ["/path"])
        #expect(try service.store.models().isEmpty)
    }

    @Test func linksWithinTheModelsFolderAreFollowed() throws {
        let service = try TestService()
        let models = service.folder.appendingPathComponent("models")
        try FileManager.default.createSymbolicLink(
            at: models.appendingPathComponent("link"),
            withDestinationURL: models.appendingPathComponent("tiny"))
        let whole = models.appendingPathComponent("link").path
        let answer = try service.send(
            "POST", "/v1/models", json: #"{"name":"m","path":"\#(whole)"}"#)
        #expect(answer.status == 201)
        #expect(try answer.json["path"]?.string?.hasSuffix("/models/tiny") == true)
    }

    @Test(arguments: [
        (#"{"name":"m"}"#, ["/path"]), (#"{"path":"tiny"}"#, ["/name"]),
        (#"{"name":"a/b","path":3,"format":"gguf"}"#, ["/format", "/name", "/path"]),
        (#"{"name":"ckpt_1","path":"tiny"}"#, ["/name"]), ("[]", [""]),
    ])
    func aBadRegistrationIsRefused(body: String, pointers: [String]) throws {
        let problem = try TestService().send("POST", "/v1/models", json: body)
            .problem(422, "invalid")
        #expect(problem.pointers == pointers)
    }

    @Test func aDamagedModelIsRefused() throws {
        let service = try TestService()
        try Data("GGUF".utf8).write(
            to: service.folder.appendingPathComponent("models/damaged.gguf"))
        let problem = try service.send(
            "POST", "/v1/models", json: #"{"name":"m","path":"damaged.gguf"}"#
        ).problem(422, "damaged_file")
        #expect(problem["detail"]?.string?.contains("cut short") == true)
    }
}
