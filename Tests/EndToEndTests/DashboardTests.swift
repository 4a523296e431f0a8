import Foundation
import Testing

/// The dashboard in a real browser, used as a person would.
struct DashboardTests {
    /// Its own job; what stands in the script says what is checked.
    @Test(.enabled(if: hasBrowser, "no chromium (scripts/setup-test-programs installs it)"))
    func everyViewWorksInABrowser() throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Scripts/check_dashboard.py").path
        let result = try Program.run(
            ["PYTHONDONTWRITEBYTECODE=1", Python.path, script, Program.url.path],
            program: URL(fileURLWithPath: "/usr/bin/env"))
        #expect(result.status == 0, "\(result.errors.suffix(10_000))")
    }

    private static let hasBrowser =
        (try? Program.run(
            ["chromium", "--version"], program: URL(fileURLWithPath: "/usr/bin/env")))?.status == 0
}
