import Foundation
import SpinDomain
import Testing

/// What another implementation makes of our checkpoints.
struct TransformersTests {
    /// Float32 sums of up to 14 log-probabilities, added in another order.
    private static let tolerance = 1e-4

    @Test(
        .enabled(
            if: Python.has("torch, transformers"),
            "no Python with torch and transformers (SPIND_PYTHON names one)"))
    func theReferenceOfAnIterationIsTheCheckpointOfTheOneBefore() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        let job = try game.submit(to: server)
        _ = try game.wait(for: ["succeeded"], of: job, on: server)

        let second = try server.get("/v1/jobs/\(job)/iterations/1")
        let reference = try #require(second["reference_checkpoint"]?.string)
        let folder = try #require(try server.get("/v1/checkpoints/\(reference)")["path"]?.string)
        let samples = try server.request("GET", "/v1/jobs/\(job)/samples?iteration=1&limit=192")
        let file = game.dataFolder.path + "/samples.json"
        try samples.body.write(to: URL(fileURLWithPath: file))

        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Scripts/check_checkpoint.py").path
        let result = try Program.run(
            [Python.path, script, folder, file],
            program: URL(fileURLWithPath: "/usr/bin/env"))
        #expect(result.status == 0, "\(result.errors)")
        let worst = try #require(
            Double(result.output.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(worst < Self.tolerance)
    }
}
