import SpinDomain
import Testing

struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(text.utf8) }

    @Test(arguments: [
        ("null", JSONValue.null), (" true\n", .bool(true)), ("\t[false]", .array([.bool(false)])),
        ("0", .integer(0)), ("-0", .integer(0)), ("1", .integer(1)), ("1.0", .number(1)),
        ("1e0", .number(1)), ("-12.5E-1", .number(-1.25)), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("\"\"", .string("")),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")),
        (#""\u00e9\u20AC\ud83d\ude00""#, .string("é€😀")), (#""\u0000""#, .string("\0")),
        ("{}", .object([:])), (#"{"":{"a":[]}}"#, .object(["": ["a": []]])),
    ])
    func validTextIsRead(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test func anIntegerAndANumberOfTheSameSizeDiffer() throws {
        #expect(try parse("1") != parse("1.0"))
    }

    @Test func membersKeepTheirOrder() throws {
        #expect(try parse(#"{"z":1,"a":2,"m":3}"#).object?.keys == ["z", "a", "m"])
    }

    @Test(arguments: [
        ("", "column 1"), ("{\"a\":1,}", "column 8"), ("[1,]", "column 4"),
        ("[1 2]", "column 4"), ("{\"a\" 1}", "column 6"),
        ("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3"), ("{a: 1}", "column 2"),
        ("01", "column 1"), ("-", "column 2"), ("1.", "column 3"),
        ("1e", "column 3"), (".5", "column 1"), ("+1", "column 1"),
        ("NaN", "column 1"), ("nul", "column 1"), ("'a'", "column 1"),
        ("\"a", "column 1"), ("\"\\x\"", "column 2"),
        ("\"\\u12", "column 4"), ("\"\\u12g4\"", "column 6"),
        ("\"\\ud800\"", "column 2"), ("\"\\ud800\\u0041\"", "column 2"),
        ("\"\\udc00\"", "column 2"), ("\"a\tb\"", "column 3"),
        ("1 2", "column 3"), ("{} // no", "column 4"),
        ("{\"a\":1,\"a\":2}", "column 8"), ("{\"a\":1,\"\\u0061\":2}", "column 8"),
        ("1e999", "column 1"),
        ("[\u{A0}1]", "column 2"),
    ])
    func aFaultIsNamedWithItsPlace(text: String, place: String) {
        let error = #expect(throws: SpinError.self) { try parse(text) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains(" at \(place):") == true, "\(error?.message ?? "")")
    }

    @Test func textThatIsNotUTF8IsRefused() {
        let texts: [[UInt8]] = [
            [0x22, 0xFF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC3, 0x28, 0x22],
            [0x22, 0x5C, 0x6E, 0xC0, 0x80, 0x22],
        ]
        for text in texts {
            let error = #expect(throws: SpinError.self) { try JSONParser.parse(text) }
            #expect(error?.message.contains("a string is not valid UTF-8") == true)
        }
    }

    @Test func aFileIsNamedAndMustBeAnObject() throws {
        for text in ["{", "[]"] {
            let error = #expect(throws: SpinError.self) {
                try JSONParser.parseObject(text.utf8, file: "config.json")
            }
            #expect(error?.code == .damagedFile)
            #expect(error?.message.hasPrefix("config.json: ") == true)
        }
        #expect(try JSONParser.parseObject("{}".utf8, file: "config.json") == [:])
    }

    @Test func textWithoutContiguousStorageIsRead() throws {
        #expect(try JSONParser.parse(sequence(first: 0x31) { _ in nil }) == .integer(1))
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(JSONParser.maximumDepth))
        #expect(throws: SpinError.self) { try parse(nested(JSONParser.maximumDepth + 1)) }
        #expect(throws: SpinError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: SpinError.self) { try parse(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test func anyDamageToATextIsAnErrorOrAValueThatCanBeWrittenAgain() throws {
        let text = Array(#"{"a":[1,-2.5e3,"\u00e9\n",null],"b":{"c":true,"d":"ü😀"},"e":0.1}"#.utf8)
        var outcomes = (read: 0, refused: 0)
        for index in text.indices {
            for bit in 0..<8 {
                var damaged = text
                damaged[index] ^= 1 << bit
                guard let value = try? JSONParser.parse(damaged) else {
                    outcomes.refused += 1
                    continue
                }
                #expect(try JSONParser.parse(value.utf8) == value)
                outcomes.read += 1
            }
        }
        for length in text.indices {
            #expect(throws: SpinError.self) { try JSONParser.parse(text[..<length]) }
        }
        #expect(outcomes.read > 0 && outcomes.refused > 0)
    }
}
