import Foundation
import Testing

/// Thousands of requests that Schemathesis makes of openapi.yaml, right and wrong ones, alone and
/// along its links, against the running server.
struct SchemathesisTests {
    /// Another number, in `SPIND_TEST_SEED`, makes other requests.
    private static let seed = ProcessInfo.processInfo.environment["SPIND_TEST_SEED"] ?? "1"

    /// Without one, the first key that Schemathesis makes would lock it out.
    private static let key = String(repeating: "schemathesis", count: 3)

    @Test(.enabled(if: Python.has("schemathesis"), "no Python with schemathesis (SPIND_PYTHON)"))
    func theServerKeepsItsContract() throws {
        let game = try Game()
        let server = try Server(
            dataFolder: game.dataFolder.path, environment: ["SPIND_ADMIN_KEY": Self.key],
            key: Self.key)
        try game.register(with: server)
        let job = try game.submit(to: server)
        _ = try game.wait(for: ["succeeded"], of: job, on: server)

        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Contract").path
        let result = try Program.run(
            [
                "PYTHONPATH=\(folder)", "PYTHONDONTWRITEBYTECODE=1", Python.path, "-m",
                "schemathesis.cli", "--config-file", folder + "/schemathesis.toml", "run",
                server.url + "/openapi.yaml", "--checks", "all", "--seed", Self.seed,
                "--header", "Authorization: Bearer \(Self.key)",
            ], program: URL(fileURLWithPath: "/usr/bin/env"))
        let report = result.output.suffix(10_000) + result.errors.suffix(2000)
        #expect(result.status == 0, "\(report)")
    }
}
