import Foundation
import SpinDomain
import Testing
import TextData

@Suite struct GGUFVocabularyTests {
    /// What a converter to GGUF makes of a `tokenizer.json`.
    private func vocabulary(_ file: JSONValue, model: String, pre: String?) throws
        -> GGUFVocabulary
    {
        var tokens: [Int: String] = [:]
        var types: [Int: Int32] = [:]
        for member in try #require(file["model"]?["vocab"]?.object?.members) {
            tokens[try #require(member.value.integer)] = member.key
        }
        for token in try #require(file["added_tokens"]?.array) {
            let id = try #require(token["id"]?.integer)
            tokens[id] = token["content"]?.string
            types[id] = token["special"]?.bool == true ? 3 : 4
        }
        let merges = try #require(file["model"]?["merges"]?.array).map { merge in
            try merge.string ?? merge.strings().joined(separator: " ")
        }
        let count = tokens.count
        return GGUFVocabulary(
            model: model, pre: pre, tokens: try (0..<count).map { try #require(tokens[$0]) },
            types: (0..<count).map { types[$0] ?? 1 }, merges: merges)
    }

    @Test(arguments: [("gpt2", "gpt-2"), ("smollm2", "smollm"), ("qwen2", "qwen2")])
    func goldenVocabulariesGiveTheSameIDsThroughGGUF(name: String, pre: String) throws {
        guard let folder = SharedFolder("golden/tokenizers") else { return }
        let file = try folder.json("\(name).tokenizer.json")
        let codec = try TextCodec(gguf: try vocabulary(file, model: "gpt2", pre: pre))
        let strings = try folder.json("strings.json").strings()
        let expected = try #require(try folder.json("\(name).json")["ids"]).idLists()
        for (text, ids) in zip(strings, expected) {
            #expect(try codec.tokenizer.encode(text, addSpecialTokens: false) == ids)
        }
    }

    @Test func llama3VocabulariesTakeWholeWordsFirst() throws {
        let file = try Fixture("llama3_like.tokenizer.json").json()
        var vocabulary = try vocabulary(file, model: "gpt2", pre: "llama-bpe")
        vocabulary.bos = Int32(try #require(vocabulary.tokens.firstIndex(of: "<|begin|>")))
        let codec = try TextCodec(gguf: vocabulary)
        let strings = try Fixture("strings.json").json().strings()
        let expected = try #require(
            try Fixture("llama3_like.json").json()["ids_with_special_tokens"]
        ).idLists()
        for (text, ids) in zip(strings, expected) {
            #expect(try codec.tokenizer.encode(text, addSpecialTokens: true) == ids)
        }
    }

    /// Scores that rank the merged tokens as the file's merges do.
    private func sentencePiece() throws -> GGUFVocabulary {
        let file = try Fixture("llama2_like.tokenizer.json").json()
        var vocabulary = try vocabulary(file, model: "llama", pre: nil)
        vocabulary.scores = vocabulary.tokens.indices.map { $0 < 259 ? 0 : Float(259 - $0) }
        vocabulary.types = vocabulary.tokens.indices.map {
            $0 < 3 ? ($0 == 0 ? 2 : 3) : $0 < 259 ? 6 : 1
        }
        vocabulary.merges = []
        vocabulary.bos = 1
        vocabulary.eos = 2
        vocabulary.unk = 0
        return vocabulary
    }

    @Test func scoresMergeAsSentencePieceDoes() throws {
        let vocabulary = try sentencePiece()
        let codec = try TextCodec(gguf: vocabulary)
        #expect(codec.tokenizer.prefixIDs == [1])
        for text in try Fixture("strings.json").json().strings() where !text.contains("<") {
            let expected = text.isEmpty ? [] : naiveSentencePiece(text, vocabulary)
            #expect(
                try codec.tokenizer.encode(text, addSpecialTokens: false) == expected,
                "\(text.debugDescription)")
        }
    }

    /// SentencePiece's BPE as its paper says it: merge the neighbours that make the token with the best
    /// score, the leftmost of equals, until none make one; then spell what is left in bytes.
    private func naiveSentencePiece(_ text: String, _ vocabulary: GGUFVocabulary) -> [Int32] {
        var ids: [[UInt8]: Int32] = [:]
        for (id, token) in vocabulary.tokens.enumerated() { ids[Array(token.utf8)] = Int32(id) }
        let marked = "▁" + text.unicodeScalars.map { $0 == " " ? "▁" : String($0) }.joined()
        var symbols = marked.unicodeScalars.map { Array(String($0).utf8) }
        let scores = vocabulary.scores ?? []
        while true {
            var best: (score: Float, place: Int)?
            for place in symbols.indices.dropLast() {
                guard let id = ids[symbols[place] + symbols[place + 1]] else { continue }
                if scores[Int(id)] > best?.score ?? -.infinity { best = (scores[Int(id)], place) }
            }
            guard let best else { break }
            symbols[best.place] += symbols.remove(at: best.place + 1)
        }
        return symbols.flatMap { symbol in
            ids[symbol].map { [$0] } ?? symbol.map { Int32($0) + 3 }
        }
    }

    @Test func theExportedFolderGivesTheSameIDs() throws {
        var vocabulary = try sentencePiece()
        vocabulary.chatTemplate = TextCodecTests.chatML
        let codec = try TextCodec(gguf: vocabulary)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, data) in try codec.exportFiles() {
            try data.write(to: folder.appendingPathComponent(name))
        }
        let loaded = try #require(try TextCodec.load(folder: folder))
        #expect(loaded.chatTemplate?.source == TextCodecTests.chatML)
        #expect(loaded.endID == 2)
        for text in try Fixture("strings.json").json().strings() {
            #expect(
                try loaded.tokenizer.encode(text, addSpecialTokens: true)
                    == codec.tokenizer.encode(text, addSpecialTokens: true))
        }
    }

    @Test func vocabulariesThatContradictThemselvesAreRefused() throws {
        let good = try sentencePiece()
        let damages: [(inout GGUFVocabulary) -> Void] = [
            { $0.model = "t5" }, { $0.tokens = [] }, { $0.scores = [1] }, { $0.scores = nil },
            { $0.types = [1] }, { $0.eos = 100_000 }, { $0.bos = -1 }, { $0.merges = ["a"] },
            { $0.merges = ["not-there neither"] },
            {
                $0.model = "gpt2"; $0.pre = "unheard-of"
            },
            { $0.tokens[300] = String(repeating: "a", count: 5000) },
        ]
        for (index, damage) in damages.enumerated() {
            var vocabulary = good
            damage(&vocabulary)
            let refused = vocabulary
            #expect(throws: SpinError.self, "damage \(index)") { try TextCodec(gguf: refused) }
        }
    }
}
