import Foundation
import SpinDomain
import Testing
import TextData

@Suite struct TextCodecTests {
    static let chatML =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
        + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

    /// A folder with a byte vocabulary: 256 `<s>`, 257 `</s>`, 258 `<|im_start|>`, 259 `<|im_end|>`.
    private func codec(
        configuration: String, more: [String: String] = [:]
    ) throws -> TextCodec {
        let tokens = ["<s>", "</s>", "<|im_start|>", "<|im_end|>"]
        var files = more
        files["tokenizer.json"] = ByteVocabulary.tokenizerJSON(specialTokens: tokens)
        files["tokenizer_config.json"] = configuration
        return try withFolder(files) { try #require(try TextCodec.load(folder: $0)) }
    }

    private func withFolder<Result>(
        _ files: [String: String], _ body: (URL) throws -> Result
    ) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        return try body(folder)
    }

    private func ids(_ text: String) -> [Int32] { text.utf8.map(Int32.init) }

    @Test func aFolderWithoutTokenizerHasNoCodec() throws {
        let codec = try withFolder(["config.json": "{}"]) { try TextCodec.load(folder: $0) }
        #expect(codec == nil)
    }

    @Test func theByteVocabularyGivesEveryByteItsValue() throws {
        let codec = try codec(
            configuration: ByteVocabulary.configurationJSON(begin: nil, end: "</s>"))
        let text = "e\u{301}\u{0}\r\n👩‍👩‍👧</s>\u{7F}"
        let expected = ids("e\u{301}\u{0}\r\n👩‍👩‍👧") + [257, 127]
        #expect(try codec.tokenizer.encode(text, addSpecialTokens: true) == expected)
        #expect(
            scalars(codec.tokenizer.decode(expected, skipSpecialTokens: false)) == scalars(text))
        #expect(codec.tokenizer.vocabularySize == 260)
        #expect(codec.tokenizer.bytes(of: 0xC3) == [0xC3])
        #expect(codec.tokenizer.bytes(of: 260) == nil)
        #expect(codec.endID == 257)
        #expect(codec.stopTokenIDs == [257])
    }

    @Test func withoutATemplateARowIsPromptAndResponseWithEnd() throws {
        let codec = try codec(
            configuration:
                #"{"bos_token": "<s>", "eos_token": {"content": "</s>"}, "add_bos_token": true}"#)
        let encoder = ExampleEncoder(codec: codec, vocabularySize: 260)
        let example = try encoder.encode(.text(prompt: .text("q"), response: "ab"), index: 3)
        let expected = EncodedExample(
            index: 3, promptIDs: [256] + ids("q"), actualIDs: ids("ab") + [257], promptText: "q",
            actualText: "ab")
        #expect(example == expected)
        let messages = [ChatMessage(role: "user", content: "q")]
        #expect(
            try encoder.encode(.text(prompt: .messages(messages), response: "ab"), index: 3)
                == expected)
        let more = messages + messages
        #expect(throws: SpinError.self) {
            try encoder.encode(.text(prompt: .messages(more), response: "ab"), index: 0)
        }
    }

    @Test func withATemplateARowIsRenderedAndEndsTheTurn() throws {
        let codec = try codec(
            configuration: ByteVocabulary.configurationJSON(
                begin: "<s>", end: "</s>", chatTemplate: Self.chatML),
            more: ["generation_config.json": #"{"eos_token_id": [257, 12]}"#])
        #expect(codec.turnEnd == TextCodec.TurnEnd(text: "<|im_end|>", id: 259))
        #expect(codec.stopTokenIDs == [12, 257, 259])
        let encoder = ExampleEncoder(codec: codec, vocabularySize: 260)
        let example = try encoder.encode(.text(prompt: .text("q"), response: "a "), index: 0)
        #expect(example.promptText == "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n")
        let prompt: [Int32] = [258] + ids("user\nq") + [259, 10, 258] + ids("assistant\n")
        #expect(example.promptIDs == prompt)
        #expect(example.actualIDs == ids("a ") + [259])
        #expect(example.actualText == "a ")
    }

    @Test func aTemplateThatCannotBeRenderedRefusesTextRowsOnly() throws {
        let codec = try codec(
            configuration: ByteVocabulary.configurationJSON(
                begin: nil, end: "</s>", chatTemplate: "{% macro x() %}{% endmacro %}"))
        #expect(codec.chatTemplate == nil)
        let encoder = ExampleEncoder(codec: codec, vocabularySize: 260)
        let error = try #require(throws: SpinError.self) {
            try encoder.encode(.text(prompt: .text("q"), response: "a"), index: 0)
        }
        #expect(error.message.contains("macro"))
        #expect(try encoder.encode(.ids(prompt: [1], response: [2]), index: 0).actualIDs == [2])
    }

    @Test func rowsThatTheModelCannotTakeAreRefused() throws {
        let bare = ExampleEncoder(codec: nil, vocabularySize: 10)
        let refused: [DatasetRow] = [
            .text(prompt: .text("q"), response: "a"), .ids(prompt: [], response: [1]),
            .ids(prompt: [1], response: []), .ids(prompt: [10], response: [1]),
            .ids(prompt: [1], response: [-1]),
        ]
        for row in refused {
            #expect(throws: SpinError.self) { try bare.encode(row, index: 0) }
        }
        #expect(try bare.encode(.ids(prompt: [9], response: [0]), index: 0).promptText == nil)
        let codec = try codec(
            configuration: ByteVocabulary.configurationJSON(begin: nil, end: "</s>"))
        let encoder = ExampleEncoder(codec: codec, vocabularySize: 260)
        #expect(throws: SpinError.self) {
            try encoder.encode(.text(prompt: .text(""), response: "a"), index: 0)
        }
    }

    @Test func exportedFilesAreTheFoldersOwn() throws {
        let configuration = #"{ "eos_token":"</s>",  "odd":  1 }"#
        let codec = try codec(
            configuration: configuration,
            more: ["generation_config.json": "{}", "config.json": "{}"])
        let files = try codec.exportFiles()
        #expect(
            files.keys.sorted() == [
                "generation_config.json", "tokenizer.json", "tokenizer_config.json",
            ])
        #expect(files["tokenizer_config.json"] == Data(configuration.utf8))
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"model": {"type": "Unigram", "vocab": []}}"#,
        #"{"model": {"type": "WordPiece", "vocab": {}}}"#,
        #"{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}"#,
        #"{"model": {"type": "BPE", "vocab": {"a": 99999999999}, "merges": []}}"#,
        #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}"#,
        #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}}"#,
        #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a"]]}}"#,
        #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "u"}}"#,
        #"{"model": {"type": "BPE", "vocab": {}, "merges": []}, "normalizer": {"type": "Nmt"}}"#,
        #"{"model": {"type": "BPE", "vocab": {}, "merges": []}, "pre_tokenizer": {"type": "X"}}"#,
        #"{"model": {"type": "BPE", "vocab": {}, "merges": []}, "decoder": {"type": "CTC"}}"#,
        #"{"model": {"type": "BPE", "vocab": {}, "merges": []}, "post_processor": {"type": "X"}}"#,
        #"{"model": {"type": "BPE", "vocab": {}, "merges": []}, "added_tokens": [{"id": 1}]}"#,
        #"{"model": {"type": "BPE", "vocab": {}, "merges": []}, "pre_tokenizer": "#
            + #"{"type": "Split", "pattern": {"Regex": "(["}, "behavior": "Isolated"}}"#,
    ])
    func damagedOrUnknownTokenizersAreRefused(text: String) throws {
        try withFolder(["tokenizer.json": text]) { folder in
            let error = try #require(throws: SpinError.self) { try TextCodec.load(folder: folder) }
            #expect([.damagedFile, .unsupported].contains(error.code), "\(error)")
        }
    }

    @Test func aMegabyteWithoutASpaceIsEncodedInTime() throws {
        let tokenizer = try BytePairTokenizer(
            tokenizerJSON: try Fixture("llama3_like.tokenizer.json").bytes())
        let text = String(repeating: "the", count: 350_000)
        let ids = try tokenizer.encode(text, addSpecialTokens: false)
        #expect(tokenizer.decode(ids, skipSpecialTokens: false) == text)
    }

    @Test func aMegabyteOfCombiningMarksIsNormalisedInTime() throws {
        let file =
            #"{"model": {"type": "BPE", "vocab": {"é": 0, "e": 1}, "merges": []}, "#
            + #""normalizer": {"type": "NFC"}}"#
        let tokenizer = try BytePairTokenizer(tokenizerJSON: Array(file.utf8))
        let count = 350_000
        let text = String(repeating: "e\u{301}", count: count)
        let ids = try tokenizer.encode(text, addSpecialTokens: false)
        #expect(ids == Array(repeating: 0, count: count))
    }

    @Test func smollm2ConversationsMatchTheirGoldenTextAndIDs() throws {
        guard let folder = SharedFolder("golden/tokenizers") else { return }
        let golden = try folder.json("smollm2_chat.json")
        let tokenizer = try BytePairTokenizer(
            tokenizerJSON: try folder.bytes("smollm2.tokenizer.json"))
        let template = try ChatTemplate(
            source: try #require(golden["template"]?.string),
            specialTokens: ["bos_token": "<|im_start|>", "eos_token": "<|im_end|>"])
        #expect(template.endOfTurn == "<|im_end|>\n")
        for entry in try #require(golden["cases"]?.array) {
            let messages = try #require(entry["messages"]).chatMessages()
            let text = try template.render(
                messages, addGenerationPrompt: entry["add_generation_prompt"]?.bool ?? false)
            #expect(scalars(text) == scalars(try #require(entry["text"]?.string)))
            let expected = try #require(entry["ids"]).ids()
            #expect(try tokenizer.encode(text, addSpecialTokens: false) == expected)
        }
    }
}
