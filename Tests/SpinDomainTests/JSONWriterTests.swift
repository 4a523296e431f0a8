import SpinDomain
import Testing

struct JSONWriterTests {
    @Test(arguments: [
        (JSONValue.null, "null"), (.integer(.min), "-9223372036854775808"), (.number(1), "1.0"),
        (.number(5e-7), "5e-07"), (.number(0.1), "0.1"), (.number(-0.0), "-0.0"),
        (.number(.nan), "null"), (.number(.infinity), "null"), (.number(-.infinity), "null"),
        (.string("a\"\\\n\r\t\u{8}\u{C}\u{1}/é😀"), #""a\"\\\n\r\t\b\f\u0001/é😀""#),
        (JSONValue.object(["a": [1, 2.5], "b": [:], "c": []]), #"{"a":[1,2.5],"b":{},"c":[]}"#),
    ])
    func aValueIsWrittenOnOneLine(value: JSONValue, text: String) {
        #expect(value.text == text)
        #expect(String(decoding: value.utf8, as: UTF8.self) == text)
    }

    @Test func indentedTextIsForPeople() {
        let value: JSONValue = ["a": [1, ["b": true]], "c": [:]]
        let text = """
            {
              "a": [
                1,
                {
                  "b": true
                }
              ],
              "c": {}
            }

            """
        #expect(value.indentedText == text)
    }

    @Test func spacedTextIsAsPythonWritesIt() {
        let value: JSONValue = ["a": [1, "x"], "b": [:]]
        #expect(
            String(decoding: value.utf8(.spaced), as: UTF8.self) == #"{"a": [1, "x"], "b": {}}"#)
        #expect(
            String(decoding: value.utf8(.indented(0)), as: UTF8.self).hasPrefix("{\n\"a\": [\n1,"))
    }

    @Test func everyDoubleComesBackWithTheSameBits() throws {
        // Random bit patterns meet every exponent; a linear congruential generator (Knuth's MMIX).
        var state: UInt64 = 1
        var finite = 0
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let number = Double(bitPattern: state)
            guard number.isFinite else { continue }
            finite += 1
            let read = try JSONParser.parse(JSONValue.number(number).utf8)
            #expect(read.double?.bitPattern == number.bitPattern)
        }
        #expect(finite > 19_000)
    }
}
