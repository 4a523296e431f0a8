import Foundation
import Testing

/// The manual page that is in the repository.
struct ManualPageTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func file(_ path: String) -> String { Self.root.appendingPathComponent(path).path }

    @Test func itSaysWhatTheProgramSays() throws {
        let folder = try TemporaryFolder()
        let made = try Program.run(
            [file("scripts/man-page"), Program.url.path, folder.path + "/spind.1"],
            program: try #require(Program.find("python3")))
        try #require(made.status == 0, "\(made.errors)")
        let kept = try String(contentsOfFile: file("docs/man/spind.1"), encoding: .utf8)
        #expect(try folder.text("spind.1") == kept, "run scripts/man-page again")
    }

    @Test(.enabled(if: Program.find("mandoc") != nil))
    func itIsWellFormed() throws {
        let checked = try Program.run(
            ["-T", "lint", "-W", "warning", file("docs/man/spind.1")],
            program: try #require(Program.find("mandoc")))
        #expect(checked.output + checked.errors == "")
    }
}
