import Foundation
import SpinDomain
import Testing

/// What another implementation makes of our checkpoints, and of our models' texts.
@Suite(
    .enabled(
        if: Python.has("torch, transformers"),
        "no Python with torch and transformers (SPIND_PYTHON names one)"))
struct TransformersTests {
    /// Float32 sums of up to 14 log-probabilities, added in another order.
    private static let tolerance = 1e-4

    @Test func theReferenceOfAnIterationIsTheCheckpointOfTheOneBefore() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        let all = Game.configuration.replacingOccurrences(
            of: "previous_iterations: 1", with: "previous_iterations: 1\n  kl_pairs: 1000")
        let job = try game.submit(all, to: server)
        _ = try game.wait(for: ["succeeded"], of: job, on: server)

        let second = try server.get("/v1/jobs/\(job)/iterations/1")
        let reference = try #require(second["reference_checkpoint"]?.string)
        let folder = try #require(try server.get("/v1/checkpoints/\(reference)")["path"]?.string)
        let samples = try server.request("GET", "/v1/jobs/\(job)/samples?iteration=1&limit=192")
        let file = game.dataFolder.path + "/samples.json"
        try samples.body.write(to: URL(fileURLWithPath: file))

        let output = try Python.run("check_checkpoint.py", [folder, file])
        let worst = try #require(Double(output.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(worst < Self.tolerance)

        let checkpoints = try server.get("/v1/jobs/\(job)/checkpoints")["data"]?.array
        let policy = try #require(checkpoints?.first?["path"]?.string)
        let record = game.dataFolder.path + "/iteration.json"
        try Data(second.utf8).write(to: URL(fileURLWithPath: record))
        let kl = try Python.run("check_kl.py", [policy, folder, file, record])
        let difference = try #require(Double(kl.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(difference < Self.tolerance)
    }

    @Test func greedyTextsAndTheirLogProbabilitiesAreTheSame() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server, rows: 20)
        let rows = try game.rows(20, of: "train.jsonl").split(separator: UInt8(ascii: "\n"))
        let answers = try rows.map { row in
            let prompt = try #require(try JSONParser.parse(row)["prompt"])
            let request: JSONValue = [
                "model": "tiny", "prompt": prompt, "max_tokens": 12, "temperature": 0,
                "logprobs": 0, "echo": true, "return_token_ids": true,
            ]
            let answer = try server.request(
                "POST", "/v1/completions", body: Data(request.utf8), type: "application/json")
            #expect(answer.status == 200, "\(answer.text)")
            return try answer.json()
        }
        let file = game.dataFolder.path + "/answers.json"
        try Data(JSONValue.array(answers).utf8).write(to: URL(fileURLWithPath: file))
        let model = game.dataFolder.path + "/models/tiny-words"
        let output = try Python.run("check_completions.py", [model, file])
        let worst = try #require(Double(output.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(worst < Self.tolerance)
    }
}
