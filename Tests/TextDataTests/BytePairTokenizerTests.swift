import SpinDomain
import Testing
import TextData

@Suite struct BytePairTokenizerTests {
    static let names = [
        "llama2_like", "mistral_like", "metaspace_words", "added_tokens", "llama3_like",
    ]

    @Test(arguments: names)
    func idsAndTextsEqualTheHuggingFaceLibrary(name: String) throws {
        let tokenizer = try BytePairTokenizer(
            tokenizerJSON: try Fixture("\(name).tokenizer.json").bytes())
        let strings = try Fixture("strings.json").json().strings()
        let expected = try Fixture("\(name).json").json()
        let ids = try #require(expected["ids"]).idLists()
        let idsWithSpecials = try #require(expected["ids_with_special_tokens"]).idLists()
        let decoded = try #require(expected["decoded"]).strings()
        let decodedWithout = try #require(expected["decoded_without_special_tokens"]).strings()
        try #require(ids.count == strings.count)
        for (index, text) in strings.enumerated() {
            let found = try tokenizer.encode(text, addSpecialTokens: false)
            #expect(found == ids[index], "\(text.debugDescription)")
            #expect(try tokenizer.encode(text, addSpecialTokens: true) == idsWithSpecials[index])
            let back = tokenizer.decode(ids[index], skipSpecialTokens: false)
            #expect(scalars(back) == scalars(decoded[index]), "\(text.debugDescription)")
            let plain = tokenizer.decode(ids[index], skipSpecialTokens: true)
            #expect(scalars(plain) == scalars(decodedWithout[index]), "\(text.debugDescription)")
        }
    }

    @Test func everyPreTokenizerCutsAsTheHuggingFaceLibraryDoes() throws {
        let fixture = try Fixture("splits.json").json()
        let strings = try Fixture("strings.json").json().strings()
        for variant in try #require(fixture["variants"]?.array) {
            let file = JSONValue.object(
                JSONObject([
                    ("model", try #require(fixture["model"])),
                    ("pre_tokenizer", try #require(variant["pre_tokenizer"])),
                ]))
            let tokenizer = try BytePairTokenizer(tokenizerJSON: file.utf8)
            let expected = try #require(variant["ids"]).idLists()
            for (text, ids) in zip(strings, expected) {
                let found = try tokenizer.encode(text, addSpecialTokens: false)
                #expect(found == ids, "\(variant["name"]?.string ?? "") \(text.debugDescription)")
            }
        }
    }

    @Test(arguments: ["gpt2", "qwen2", "smollm2"])
    func goldenTokenizersAgree(name: String) throws {
        guard let folder = SharedFolder("golden/tokenizers") else { return }
        let tokenizer = try BytePairTokenizer(
            tokenizerJSON: try folder.bytes("\(name).tokenizer.json"))
        let strings = try folder.json("strings.json").strings()
        let golden = try folder.json("\(name).json")
        let expected = try #require(golden["ids"]).idLists()
        try #require(expected.count == strings.count)
        for (index, text) in strings.enumerated() {
            let ids = try tokenizer.encode(text, addSpecialTokens: false)
            #expect(ids == expected[index], "string \(index): \(text.debugDescription)")
            let decoded = golden["decode_differs"]?[String(index)]?.string ?? text
            #expect(scalars(tokenizer.decode(ids, skipSpecialTokens: false)) == scalars(decoded))
        }
    }
}
