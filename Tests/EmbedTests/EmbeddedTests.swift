import Foundation
import Testing

struct EmbeddedTests {
    private static let folder = "Tests/EmbedTests/Embedded/"

    @Test func visibleFilesAreListedByName() {
        let names = ["empty", "folder/every byte.bin", "text.sql"].map { Self.folder + $0 }
        #expect(Embedded.files.map(\.name) == names)
    }

    @Test func textSurvivesTheCompiler() throws {
        let file = try #require(Embedded.file(named: Self.folder + "text.sql"))
        let text = "-- \"quoted\" \\(notInterpolated) \\n\r\n\tä€😀\u{FEFF}\0 end\n"
        #expect(Array(file.text.utf8) == Array(text.utf8))
    }

    @Test func everyByteSurvivesTheCompiler() throws {
        let file = try #require(Embedded.file(named: Self.folder + "folder/every byte.bin"))
        #expect(file.bytes == Array(0...255))
        #expect(file.data == Data(0...255))
    }

    @Test func anEmptyFileIsEmpty() throws {
        #expect(try #require(Embedded.file(named: Self.folder + "empty")).bytes.isEmpty)
    }

    @Test func anUnknownNameHasNoFile() {
        #expect(Embedded.file(named: "empty") == nil)
    }
}
