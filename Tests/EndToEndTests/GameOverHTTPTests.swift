import Foundation
import SpinDomain
import Testing

@Suite(.serialized)
struct GameOverHTTPTests {
    @Test func aJobPlaysToItsEndAndEveryIterationBeginsAtLnTwo() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        let job = try game.submit(to: server)
        let end = try game.wait(for: ["succeeded"], of: job, on: server)
        #expect(end["status"]?.string == "succeeded")

        let metrics = try #require(
            try server.get("/v1/jobs/\(job)/metrics?format=rows")["data"]?.array)
        // 96 rows in batches of 32, two epochs; twice the pairs in iteration 1.
        try #require(metrics.count == 3 * 2 + 6 * 2)
        #expect(metrics.map { $0["step"]?.integer } == Array(0..<18).map(Optional.some))
        for step in [0, 6] {
            let loss = try #require(metrics[step]["loss"]?.double)
            #expect(abs(loss - 0.693_147_180_56) < 1e-4)
            #expect(metrics[step]["acc"]?.double == 0)
            #expect(metrics[step]["rewards_actual_mean"]?.double == 0)
        }
        #expect(metrics[0]["kl_penalty"]?.double == 0.5)
        #expect(metrics[6]["kl_penalty"]?.double == 1.0)

        let iterations = try #require(try server.get("/v1/jobs/\(job)/iterations")["data"]?.array)
        #expect(iterations.map { $0["pairs"]?.integer } == [96, 192])
        let samples = try #require(
            try server.get("/v1/jobs/\(job)/samples?iteration=0&limit=5")["data"]?.array)
        #expect(samples.count == 5)
        #expect(samples.allSatisfy { $0["generated_ids"]?.array?.isEmpty == false })
        #expect(samples.allSatisfy { ($0["reference_logp_actual"]?.double ?? 1) < 0 })
        let csv = try server.request(
            "GET", "/v1/jobs/\(job)/metrics", headers: ["Accept: text/csv"])
        #expect(csv.text.split(whereSeparator: \.isNewline).count == 19)
        #expect(server.stop() == 0)
    }

    @Test func aCheckpointCanBeDownloadedExportedAndPlayedOn() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        let job = try game.submit(to: server)
        _ = try game.wait(for: ["succeeded"], of: job, on: server)
        let checkpoints = try #require(
            try server.get("/v1/jobs/\(job)/checkpoints")["data"]?.array)
        let newest = try #require(checkpoints.first?["id"]?.string)
        let config = try server.request("GET", "/v1/checkpoints/\(newest)/files/config.json")
        #expect(try config.json()["model_type"]?.string == "llama")
        let part = try server.request(
            "GET", "/v1/checkpoints/\(newest)/files/config.json", headers: ["Range: bytes=0-9"])
        #expect(part.status == 206)
        #expect(part.body == config.body.prefix(10))

        let second = try game.submit(
            Game.configuration.replacing("model: tiny", with: "model: \(newest)"), to: server)
        _ = try game.wait(for: ["succeeded"], of: second, on: server)
        #expect(server.stop() == 0)
        let export = game.dataFolder.path + "/exported"
        let result = try Program.run(
            ["export", newest, "--data-dir", game.dataFolder.path, "--to", export])
        #expect(result.status == 0, "\(result.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: export)
        #expect(names.contains("model.safetensors") && !names.contains("optimizer.safetensors"))
    }

    @Test func aManualJobPlaysOnlyTheIterationsThatAreAskedFor() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        let job = try game.submit("mode: manual\n" + Game.configuration, to: server)
        #expect(try server.get("/v1/jobs/\(job)")["status"]?.string == "waiting")
        for played in 1...2 {
            let answer = try server.request(
                "POST", "/v1/jobs/\(job)/step", body: Data(#"{"iterations": 1}"#.utf8),
                type: "application/json")
            #expect(answer.status == 202)
            let state = try game.wait(
                for: played == 2 ? ["succeeded"] : ["waiting"], of: job, on: server)
            #expect(state["progress"]?["step"]?.integer == [6, 18][played - 1])
        }
        #expect(try server.request("POST", "/v1/jobs/\(job)/step").status == 409)
    }
}
