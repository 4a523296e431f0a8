import Documents
import SpinDomain
import Testing

struct DocumentReaderTests {
    @Test(arguments: [
        "application/json", "application/json; charset=utf-8", "Application/JSON",
        "application/yaml", "application/x-yaml", "text/yaml;charset=UTF-8", " text/yaml ",
    ])
    func aKnownTypeIsRead(contentType: String) throws {
        let text = #"{"a": [1, 1.0]}"#
        #expect(
            try DocumentReader.read(text.utf8, contentType: contentType)
                == ["a": [.integer(1), .number(1)]])
    }

    @Test func theTypeDecidesHowTextIsRead() throws {
        #expect(try DocumentReader.read("a: 1".utf8, contentType: "text/yaml") == ["a": 1])
        #expect(throws: SpinError.self) {
            try DocumentReader.read("a: 1".utf8, contentType: "application/json")
        }
    }

    @Test(arguments: ["", "application/x-www-form-urlencoded", "text/plain", "json"])
    func anotherTypeIsUnsupported(contentType: String) {
        let error = #expect(throws: SpinError.self) {
            try DocumentReader.read("{}".utf8, contentType: contentType)
        }
        #expect(error?.code == .unsupported)
        #expect(error?.hint?.contains("application/json") == true)
    }
}
