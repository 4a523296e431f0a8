import Documents
import SpinDomain
import Testing

struct YAMLReaderTests {
    private func read(_ text: String) throws -> JSONValue { try DocumentReader.yaml(text.utf8) }

    @Test(arguments: [
        ("1", JSONValue.integer(1)), ("1.0", .number(1)), ("-7", .integer(-7)), ("+3", .integer(3)),
        ("0o17", .integer(15)), ("0xfF", .integer(255)), ("007", .integer(7)),
        ("5.0e-7", .number(5e-7)), ("5e-7", .number(5e-7)), (".5", .number(0.5)),
        ("1.", .number(1)), (".inf", .number(.infinity)), ("-.INF", .number(-.infinity)),
        ("9223372036854775807", .integer(.max)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)),
        ("true", .bool(true)), ("FALSE", .bool(false)), ("~", .null), ("null", .null),
        ("yes", .string("yes")), ("on", .string("on")), ("0x", .string("0x")),
        ("0x-1", .string("0x-1")), ("0o8", .string("0o8")), (".", .string(".")),
        ("1e", .string("1e")), ("e5", .string("e5")), ("1_000", .string("1_000")),
        ("01:00:00:00", .string("01:00:00:00")), ("\"1\"", .string("1")),
        ("'true'", .string("true")),
        ("!!str 1", .string("1")), ("!!float 1", .number(1)), ("!!int 1", .integer(1)),
        ("! 1", .string("1")), ("2026-11-22", .string("2026-11-22")),
    ])
    func aScalarMeansWhatTheCoreSchemaSays(text: String, value: JSONValue) throws {
        #expect(try read("key: \(text)") == ["key": value])
    }

    @Test func aNumberThatIsNoneStaysOne() throws {
        let value = try #require(try read("[.nan]").array?.first?.double)
        #expect(value.isNaN)
    }

    @Test func blockAndFlowStylesGiveTheSameDocument() throws {
        let block = "spin:\n  lr:\n    - 0.1\n    - 5.0\n  name: |\n    two\n    lines\nempty:\n"
        let flow = #"{"spin": {"lr": [0.1, 5.0], "name": "two\nlines\n"}, "empty": null}"#
        #expect(try read(block) == read(flow))
        #expect(try read(flow) == DocumentReader.json(flow.utf8))
    }

    @Test func keysKeepTheirOrder() throws {
        #expect(try read("z: 1\na: 2\n1: 3").object?.keys == ["z", "a", "1"])
    }

    @Test func anAliasStandsForItsAnchor() throws {
        #expect(try read("a: &x [1, {b: 2}]\nc: *x") == ["a": [1, ["b": 2]], "c": [1, ["b": 2]]])
    }

    @Test(arguments: [
        ("a: 1\na: 2", 1, 1), ("a: 1\n\"a\": 2", 2, 1), ("a: {b: 1, c: 2, b: 3}", 1, 5),
    ])
    func aKeyThatComesTwiceIsRefused(text: String, line: Int, column: Int) {
        let error = #expect(throws: SpinError.self) { try read(text) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("appears twice") == true)
        #expect(error?.message.contains("line ") == true)
    }

    @Test(arguments: [
        ("a: [1, 2\nb: 3", "line 2, column 2"), ("a: 'open", "line 1, column 9"),
        ("a:\n\t- 1", "line 2, column 1"), ("? [1, 2]\n: 3", "line 1, column 3"),
        ("a: *nowhere", "line 1, column 4"), ("--- 1\n--- 2", "line 2, column 1"),
        ("a: !!python/object:os.system [1]", "line 1, column 4"),
        ("a: !mine 1", "line 1, column 4"), ("a: !!int x", "line 1, column 4"),
        ("a: !!map [1]", "line 1, column 4"), ("base: &b {x: 1}\nd:\n  <<: *b", "line 3, column 3"),
        ("a: 1\nb: \u{7}", "line 2, column 4"),
    ])
    func aFaultIsNamedWithItsPlace(text: String, place: String) {
        let error = #expect(throws: SpinError.self) { try read(text) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains(place + ":") == true, "\(error?.message ?? "")")
    }

    @Test(arguments: ["", "   \n", "# only a comment\n"])
    func anEmptyTextIsRefused(text: String) {
        let error = #expect(throws: SpinError.self) { try read(text) }
        #expect(error?.message == "the YAML text is empty")
    }

    @Test func textThatIsNotUTF8IsRefused() {
        let error = #expect(throws: SpinError.self) {
            try DocumentReader.yaml([0x61, 0x3A, 0x20, 0xFF])
        }
        #expect(error?.code == .malformed)
    }

    @Test func aliasesThatMultiplyAreRefused() {
        // Nine levels of nine: 387 million nodes from nine lines.
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(throws: SpinError.self) { try read(text) }
    }

    @Test func fewAliasesOfMuchTextAreRefused() {
        let rows = Array(repeating: "x", count: 20_000).joined(separator: ",")
        let text =
            "a: &a [\(rows)]\nb: [" + Array(repeating: "*a", count: 12).joined(separator: ",") + "]"
        let error = #expect(throws: SpinError.self) { try read(text) }
        #expect(error?.message.contains("values") == true)
    }

    @Test(arguments: [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")])
    func depthIsBounded(opening: String, closing: String) {
        for depth in [129, 900, 50_000] {
            let text =
                String(repeating: opening, count: depth) + "x"
                + String(repeating: closing, count: depth)
            let error = #expect(throws: SpinError.self) { try read(text) }
            #expect(error?.code == .malformed)
            if depth == 129, opening != "? " {
                #expect(error?.message.contains("nested deeper than 128 levels") == true)
            }
        }
    }

    @Test func sixtyFourLevelsAreFine() throws {
        let text = String(repeating: "[", count: 63) + "1" + String(repeating: "]", count: 63)
        #expect(try read(text) == DocumentReader.json(text.utf8))
    }

    @Test func anyDamageToADocumentIsAnErrorOrADocument() throws {
        let document = Array(
            "name: \"run\"\nspin: &s {lr: [0.1, 5.0e-7], on: true}\nagain: *s\nt: !!str 1\n".utf8)
        var outcomes = (read: 0, refused: 0)
        for index in document.indices {
            for flip: UInt8 in [0x01, 0x04, 0x20, 0x5B, 0x80, 0xFF] {
                var damaged = document
                damaged[index] ^= flip
                do {
                    _ = try DocumentReader.yaml(damaged)
                    outcomes.read += 1
                } catch let error as SpinError {
                    #expect(error.code == .malformed)
                    outcomes.refused += 1
                }
            }
        }
        #expect(outcomes.read > 0 && outcomes.refused > 0)
    }
}
