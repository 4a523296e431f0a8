import Foundation
import Testing

/// What deploy/ has for Prometheus and Grafana, against a real Prometheus.
struct DeployTests {
    /// What stands in the script says what is checked.
    @Test(.enabled(if: hasPrometheus, "no prometheus (scripts/setup-test-programs installs it)"))
    func prometheusScrapesAndEveryPanelHasItsNumbers() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let deploy = tests.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("deploy").path
        let script = tests.appendingPathComponent("Scripts/check_deploy.py").path
        let result = try Program.run(
            ["PYTHONDONTWRITEBYTECODE=1", Python.path, script, Program.url.path, deploy],
            program: URL(fileURLWithPath: "/usr/bin/env"))
        #expect(result.status == 0, "\(result.errors.suffix(10_000))")
        #expect(result.output == "ok\n")
    }

    private static let hasPrometheus =
        (try? Program.run(
            ["prometheus", "--version"], program: URL(fileURLWithPath: "/usr/bin/env")))?.status
        == 0
}
