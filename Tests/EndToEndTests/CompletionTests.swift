import Foundation
import SpinDomain
import Testing

@Suite(.serialized)
struct CompletionTests {
    private func complete(_ server: Server, _ fields: String) throws -> Server.Answer {
        try server.request(
            "POST", "/v1/completions", body: Data("{\(fields)}".utf8), type: "application/json")
    }

    @Test func textsAreWrittenBesideARunByItsModelsAndItsCheckpoints() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        let job = try game.submit(to: server)
        var written = 0
        let end = try Deadline(seconds: 180).wait(for: "\(job) to succeed") {
            let answer = try complete(
                server, #""model": "tiny", "prompt": "The", "max_tokens": 8, "temperature": 0"#)
            #expect(answer.status == 200, "\(answer.text)")
            written += 1
            let state = try server.get("/v1/jobs/\(job)")
            return state["status"]?.string == "running" || state["status"]?.string == "queued"
                ? nil : state
        }
        #expect(end["status"]?.string == "succeeded" && written > 1)

        let checkpoints = try #require(
            try server.get("/v1/jobs/\(job)/checkpoints")["data"]?.array)
        let newest = try #require(checkpoints.first?["id"]?.string)
        func choices(seed: Int) throws -> JSONValue? {
            let fields = #""model": "\#(newest)", "prompt": "The", "seed": \#(seed)"#
            return try complete(server, fields + #", "max_tokens": 8"#).json()["choices"]
        }
        let texts = try (0..<8).map(choices)
        #expect(try (0..<8).map(choices) == texts)
        #expect(Set(texts.map { $0?.array?.first?["text"]?.string }).count > 1)
        #expect(server.stop() == 0)
    }

    @Test(.enabled(if: Python.has("openai"), "no Python with openai (SPIND_PYTHON names one)"))
    func openAIsClientCanTalkToTheServer() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server, rows: 10)
        let output = try Python.run(
            "talk_with_openai.py", [server.url + "/v1", "tiny"])
        #expect(output == "ok\n")
    }
}
