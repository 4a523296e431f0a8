import SelfPlay
import Testing

@Suite struct TextOutputTests {
    /// What is shown after each part, and at the end.
    private func shown(_ parts: [[UInt8]], stops: [String] = []) -> [String] {
        var output = TextOutput(stops: stops)
        return parts.map { output.append($0) } + [output.finish()]
    }

    private func bytes(_ text: String) -> [[UInt8]] { text.utf8.map { [$0] } }

    @Test func charactersAreShownWhole() {
        let text = "naïve 漢字 🙂!"
        let shown = shown(bytes(text))
        #expect(shown.joined() == text)
        #expect(shown.allSatisfy { !$0.unicodeScalars.contains("\u{FFFD}") })
        #expect(shown.count { !$0.isEmpty } == text.unicodeScalars.count)
    }

    @Test func bytesThatAreNoTextAreShownAsTheyWouldBeAtOnce() {
        for parts in [
            [[0xFF], [0x41]], [[0xF0, 0x9F], [0x41]], [[0xE2, 0x82]], [[0x80, 0x80]],
        ] {
            let whole = String(decoding: parts.flatMap { $0 }.map { UInt8($0) }, as: UTF8.self)
            #expect(shown(parts.map { $0.map { UInt8($0) } }).joined() == whole)
        }
    }

    @Test func aStopStringIsFoundWhereverTokensBegin() {
        #expect(shown(bytes("one END two"), stops: ["END"]).joined() == "one ")
        #expect(
            shown([Array("one E".utf8), Array("ND two".utf8)], stops: ["END"]) == ["one ", "", ""])
        #expect(shown([Array("one END two".utf8)], stops: ["END"]) == ["one ", ""])
        #expect(shown(bytes("aaab"), stops: ["aab"]).joined() == "a")
        #expect(shown([Array("x🙂y".utf8)], stops: ["🙂"]).joined() == "x")
    }

    @Test func theFirstOfSeveralStopStringsCounts() {
        #expect(shown([Array("a b c".utf8)], stops: ["c", "b"]).joined() == "a ")
        #expect(shown([Array("abc".utf8)], stops: ["abcd", "bc"]).joined() == "a")
    }

    @Test func whatMayBecomeAStopStringIsHeldUntilItCannot() {
        #expect(
            shown(
                [Array("E".utf8), Array("N".utf8), Array("E".utf8), Array("x".utf8)], stops: ["END"]
            )
                == ["", "", "EN", "Ex", ""])
        #expect(shown([Array("EN".utf8)], stops: ["END"]) == ["", "EN"])
    }

    @Test func emptyStopStringsStopNothing() {
        #expect(shown([Array("abc".utf8)], stops: ["", "x"]).joined() == "abc")
    }
}
