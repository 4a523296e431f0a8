import Testing
import TextData

@Suite struct EndStringMatcherTests {
    /// What the matcher says after each piece.
    private func marks(_ matcher: inout EndStringMatcher, _ pieces: [[UInt8]]) -> [Bool] {
        var marks: [Bool] = []
        for piece in pieces { marks.append(matcher.append(piece)) }
        return marks
    }

    @Test func findsAnEndingSpreadOverTokens() {
        var matcher = EndStringMatcher(["###", "the end"])
        let first = marks(&matcher, ["a #", "#", "x", "##", "#"].map { Array($0.utf8) })
        #expect(first == [false, false, false, false, true])
        let second = marks(&matcher, ["th", "e en", "d"].map { Array($0.utf8) })
        #expect(second == [false, false, true])
    }

    @Test func findsACharacterSpreadOverTokens() {
        var matcher = EndStringMatcher(["👍"])
        let bytes = Array("👍".utf8)
        let found = marks(&matcher, [Array(bytes[..<2]), Array(bytes[2...])])
        #expect(found == [false, true])
    }

    @Test func anEndingInsideOfATokenDoesNotCount() {
        var matcher = EndStringMatcher(["\n\n"])
        let found = marks(&matcher, ["a\n\nb", "c\n\n"].map { Array($0.utf8) })
        #expect(found == [false, true])
    }

    @Test func withoutEndingsNothingMatches() {
        var matcher = EndStringMatcher(["", ""])
        let found = marks(&matcher, [Array("abc".utf8), []])
        #expect(found == [false, false])
    }

    @Test func specialTokensCountAsTheyAreSpelled() throws {
        let text = ByteVocabulary.tokenizerJSON(specialTokens: ["<|end|>"])
        let tokenizer = try BytePairTokenizer(tokenizerJSON: Array(text.utf8))
        var matcher = EndStringMatcher(["<|end|>"])
        let letter = matcher.append(65, tokenizer)
        let end = matcher.append(256, tokenizer)
        #expect(!letter && end)
    }
}
