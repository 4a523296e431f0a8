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
        let fields = #""model": "\#(newest)", "prompt": "The", "seed": 1, "max_tokens": 8"#
        let first = try complete(server, fields).json()
        #expect(first["choices"]?.array?.first?["text"]?.string?.isEmpty == false)
        #expect(try complete(server, fields).json()["choices"] == first["choices"])
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
