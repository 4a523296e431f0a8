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
        ("", "line 1, column 1"), ("{\"a\":1,}", "line 1, column 8"), ("[1,]", "line 1, column 4"),
        ("[1 2]", "line 1, column 4"), ("{\"a\" 1}", "line 1, column 6"),
        ("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3"), ("{a: 1}", "line 1, column 2"),
        ("01", "line 1, column 3"), ("-", "line 1, column 2"), ("1.", "line 1, column 3"),
        ("1e", "line 1, column 3"), (".5", "line 1, column 1"), ("+1", "line 1, column 1"),
        ("NaN", "line 1, column 1"), ("nul", "line 1, column 1"), ("'a'", "line 1, column 1"),
        ("\"a", "line 1, column 3"), ("\"\\x\"", "line 1, column 4"),
        ("\"\\u12", "line 1, column 4"), ("\"\\u12g4\"", "line 1, column 4"),
        ("\"\\ud800\"", "line 1, column 8"), ("\"\\ud800\\u0041\"", "line 1, column 14"),
        ("\"\\udc00\"", "line 1, column 8"), ("\"a\tb\"", "line 1, column 4"),
        ("1 2", "line 1, column 3"), ("{} // no", "line 1, column 4"),
        ("{\"a\":1,\"a\":2}", "line 1, column 11"), ("1e999", "line 1, column 6"),
        ("[\u{A0}1]", "line 1, column 2"),
    ])
    func aFaultIsNamedWithItsPlace(text: String, place: String) {
        let error = #expect(throws: SpinError.self) { try parse(text) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains(place + ":") == true, "\(error?.message ?? "")")
    }

    @Test func textThatIsNotUTF8IsRefused() {
        let texts: [[UInt8]] = [
            [0x22, 0xFF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xC0, 0x80],
        ]
        for text in texts {
            let error = #expect(throws: SpinError.self) { try JSONParser.parse(text) }
            #expect(error?.message == "the JSON text is not valid UTF-8")
        }
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
