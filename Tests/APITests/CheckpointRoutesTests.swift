import Foundation
import SpinDomain
import Testing

struct CheckpointRoutesTests {
    private static let sha = String(repeating: "ab", count: 32)
    private static let text = "0123456789"

    /// A checkpoint of one file, in whose folder and above lie others.
    private func service(_ transport: Transport = .direct) throws -> (TestService, String) {
        let service = try TestService(transport)
        let job = try service.insertJob(status: .queued)
        let folder = service.folder.appendingPathComponent("data/checkpoints/\(job.id)/step-4")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["model.safetensors", "secret.txt", "../secret.txt"] {
            try Data(Self.text.utf8).write(to: folder.appendingPathComponent(name))
        }
        let file = CheckpointRecord.File(name: "model.safetensors", bytes: 10, sha256: Self.sha)
        let gone = CheckpointRecord.File(name: "config.json", bytes: 3, sha256: Self.sha)
        try service.store.insert(
            checkpoint: CheckpointRecord(
                id: "ckpt_a_4", jobID: job.id, step: 4, iteration: 1, isIterationEnd: true,
                path: folder.path, files: [file, gone], createdAt: FixedClock.moment))
        try service.cancelJob()
        return (service, "/v1/checkpoints/ckpt_a_4")
    }

    @Test(arguments: Transport.allCases)
    func aCheckpointNamesItsFiles(transport: Transport) throws {
        let (service, path) = try service(transport)
        let shown = try service.send("GET", path).json
        #expect(shown["bytes"] == 13)
        #expect(shown["is_iteration_end"] == true)
        let file = try #require(shown["files"]?.array?.first)
        #expect(file["sha256"] == .string(Self.sha))
        let href = try #require(file["href"]?.string)
        #expect(try service.send("GET", href).text == Self.text)
        let list = try service.send("GET", "/v1/jobs/job_aaaaaaaaaaaaaaaa/checkpoints").json
        #expect(list["data"] == [shown])
    }

    @Test(arguments: Transport.allCases)
    func aFileComesWholeOrInPart(transport: Transport) throws {
        let (service, path) = try service(transport)
        let file = path + "/files/model.safetensors"
        let whole = try service.send("GET", file)
        #expect(whole.header("ETag") == "\"\(Self.sha)\"")
        #expect(whole.header("Accept-Ranges") == "bytes")
        let part = try service.send("GET", file, headers: [("Range", "bytes=2-4")])
        #expect(part.status == 206)
        #expect(part.text == "234")
        #expect(part.header("Content-Range") == "bytes 2-4/10")
        #expect(try service.send("GET", file, headers: [("Range", "bytes=-3")]).text == "789")
        let beyond = try service.send("GET", file, headers: [("Range", "bytes=10-")])
        _ = try beyond.problem(416, "range_not_satisfiable")
        #expect(beyond.header("Content-Range") == "bytes */10")
        let changed = try service.send(
            "GET", file, headers: [("Range", "bytes=2-4"), ("If-Range", "\"other\"")])
        #expect(changed.status == 200)
        let head = try service.send("HEAD", file)
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        let same = [(name: "If-None-Match", value: "\"\(Self.sha)\"")]
        #expect(try service.send("GET", file, headers: same).status == 304)
    }

    @Test(arguments: ["secret.txt", "model", "model.safetensors%20", "MODEL.safetensors"])
    func onlyNamedFilesAreGiven(name: String) throws {
        let (service, path) = try service()
        _ = try service.send("GET", "\(path)/files/\(name)").problem(404, "not_found")
    }

    @Test(arguments: ["%2e%2e%2fsecret.txt", "..%2Fsecret.txt", "../secret.txt", "%00", "a%5Cb"])
    func noPathLeadsOutOfTheFolder(name: String) throws {
        let (service, path) = try service(.socket)
        let answer = try service.send("GET", "\(path)/files/\(name)")
        #expect(answer.status == 400 || answer.status == 404)
        #expect(!answer.text.contains(Self.text))
    }

    @Test func aFileThatIsNoLongerThereIsGone() throws {
        let (service, path) = try service()
        _ = try service.send("GET", path + "/files/config.json").problem(410, "gone")
    }

    @Test(arguments: Transport.allCases)
    func aPinnedCheckpointStays(transport: Transport) throws {
        let (service, path) = try service(transport)
        let pinned = try service.send("PATCH", path, json: #"{"pinned":true,"note":"the best"}"#)
        #expect(pinned.status == 200)
        #expect(try pinned.json["pinned"] == true)
        #expect(try pinned.json["note"] == "the best")
        let problem = try service.send("DELETE", path).problem(409, "conflict")
        #expect(problem["hint"]?.string?.contains("PATCH \(path)") == true)
        _ = try service.send("DELETE", "/v1/jobs/job_aaaaaaaaaaaaaaaa").problem(409, "conflict")
        let free = try service.send("PATCH", path, json: #"{"pinned":false,"note":null}"#)
        #expect(try free.json["note"] == .null)
        #expect(try service.send("DELETE", path).status == 204)
    }

    @Test(arguments: [
        (#"{"pinned":1}"#, "/pinned"), (#"{"note":3}"#, "/note"), (#"{"pined":true}"#, "/pined"),
        ("[]", ""),
    ])
    func aBadChangeOfACheckpointIsRefused(body: String, pointer: String) throws {
        let (service, path) = try service()
        let problem = try service.send("PATCH", path, json: body).problem(422, "invalid")
        #expect(problem.pointers == [pointer])
        _ = try service.send("PATCH", "/v1/checkpoints/ckpt_none", json: "{}")
            .problem(404, "not_found")
    }

    @Test(arguments: Transport.allCases)
    func lineageLeadsBothWays(transport: Transport) throws {
        let (service, path) = try service(transport)
        try service.register()
        let answer = try service.send(
            "POST", "/v1/jobs", json: #"{"model":"ckpt_a_4","dataset":"sums"}"#)
        let child = try answer.json
        #expect(child["parent_checkpoint"] == "ckpt_a_4")
        #expect(child["links"]?["parent_checkpoint"] == .string(path))
        let id = try #require(child["id"])
        let parent = try service.send("GET", path).json
        #expect(parent["children"] == .array([id]))
        #expect(parent["parent_checkpoint"] == .null)
    }

    @Test(arguments: Transport.allCases)
    func aCheckpointCanBeDeleted(transport: Transport) throws {
        let (service, path) = try service(transport)
        #expect(try service.send("DELETE", path).status == 204)
        _ = try service.send("GET", path).problem(404, "not_found")
        _ = try service.send("DELETE", path).problem(404, "not_found")
    }
}
