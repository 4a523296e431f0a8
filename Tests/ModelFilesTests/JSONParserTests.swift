import ModelFiles
import SpinDomain
import Testing

@Suite struct JSONParserTests {
    private func parse(_ text: String) throws -> ModelFiles.JSONValue {
        try ModelFiles.JSONParser.parse(Array(text.utf8), file: "test.json")
    }

    @Test func keepsOrderAndTheTextOfNumbers() throws {
        let text = #"{"z":1e-05,"a":[1.50,-0,true,null],"b":{}}"#
        #expect(try parse(text).compactText() == text)
    }

    @Test func writesAsHuggingFaceDoes() throws {
        let value = try parse(#"{"a":[1,"x"],"b":{},"c":{"d":null}}"#)
        #expect(
            value.prettyText() == """
                {
                  "a": [
                    1,
                    "x"
                  ],
                  "b": {},
                  "c": {
                    "d": null
                  }
                }

                """)
    }

    @Test func readsEscapesAndWritesWhatMustBeEscaped() throws {
        let value = try parse(#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00\u0001""#)
        #expect(value.string == "\"\\/\u{8}\u{C}\n\r\tA\u{E9}\u{1F600}\u{1}")
        #expect(
            value.compactText()
                == "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\tA\u{E9}\u{1F600}\\u0001\"")
    }

    @Test(
        arguments: [
            "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{\"a\":1}x", "01", "-",
            "1.", ".5", "1e", "+1", "NaN", "Infinity", "tru", "nul", "\"", "\"\\x\"", "\"\\u12\"",
            "\"\\u12G4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"",
            "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "[1 2]", "'a'",
        ])
    func refuses(_ text: String) {
        let error = #expect(throws: SpinError.self) { try parse(text) }
        #expect(error?.code == .damagedFile)
    }

    @Test func refusesBytesThatAreNotUTF8() {
        #expect(throws: SpinError.self) {
            try ModelFiles.JSONParser.parse([0x22, 0xC3, 0x28, 0x22], file: "test.json")
        }
    }

    @Test func refusesDeepNestingBeforeTheStackEnds() {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(throws: SpinError.self) { try parse(deep) }
    }

    @Test func wholeNumbersAreExactOrNone() throws {
        #expect(try parse("9007199254740993").integer == 9_007_199_254_740_993)
        #expect(try parse("1e3").integer == 1000)
        #expect(try parse("1.5").integer == nil)
        #expect(try parse("99999999999999999999").integer == nil)
        #expect(try parse("1e400").integer == nil)
        #expect(try parse("true").integer == nil)
    }

    @Test func membersAreReplacedInPlaceAppendedAndRemoved() throws {
        var object = try #require(try parse(#"{"a":1,"b":2}"#).object)
        object["a"] = .null
        object["c"] = .bool(true)
        object["b"] = nil
        object["d"] = nil
        #expect(ModelFiles.JSONValue.object(object).compactText() == #"{"a":null,"c":true}"#)
    }
}
