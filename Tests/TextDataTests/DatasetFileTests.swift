import Foundation
import SpinDomain
import Testing
import TextData

@Suite struct DatasetFileTests {
    /// Reads one line as a data set of one row.
    private func read(_ line: String) throws(RowProblem) -> (form: DatasetForm, row: DatasetRow) {
        let bytes = Array(line.utf8)
        let result = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(RowProblem) in try DatasetForm.read(buffer) }
        }
        return try result.get()
    }

    static let conversation = DatasetRow.text(
        prompt: .messages([
            ChatMessage(role: "system", content: "s"), ChatMessage(role: "user", content: "q"),
        ]), response: "a")

    static let forms: [(String, DatasetForm, DatasetRow)] = [
        (
            #"{"prompt": "q", "response": "a", "id": 7}"#, .promptResponse,
            .text(prompt: .text("q"), response: "a")
        ),
        (
            #"{"question": "q\n", "answer": "é 👍 #### 4"}"#, .questionAnswer,
            .text(prompt: .text("q\n"), response: "é 👍 #### 4")
        ),
        (
            #"{"instruction": "do", "input": "this", "output": "done"}"#, .alpaca,
            .text(prompt: .text("do\n\nthis"), response: "done")
        ),
        (
            #"{"instruction": "do", "input": "", "output": "done"}"#, .alpaca,
            .text(prompt: .text("do"), response: "done")
        ),
        (
            #"{"instruction": "do", "output": "done"}"#, .alpaca,
            .text(prompt: .text("do"), response: "done")
        ),
        (
            #"{"prompt": "not it", "messages": [{"role": "system", "content": "s"}, "#
                + #"{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}"#,
            .messages, conversation
        ),
        (
            #"{"system": "s", "mask": "User", "conversations": [{"from": "User", "value": "q"}, "#
                + #"{"from": "Assistant", "value": "a", "label": null}]}"#,
            .conversations, conversation
        ),
        (
            #"{"conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "q"},"#
                + #" {"from": "gpt", "value": "a"}]}"#,
            .conversations, conversation
        ),
        (
            #"{"real": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, "#
                + #"{"role": "assistant", "content": "a"}], "generated": []}"#,
            .real, conversation
        ),
        (
            #"{"prompt_ids": [1, 2], "response_ids": [3, 2147483647]}"#, .tokenIDs,
            .ids(prompt: [1, 2], response: [3, 2_147_483_647])
        ),
    ]

    @Test(arguments: forms)
    func everyFormIsToldByItsKeys(line: String, form: DatasetForm, row: DatasetRow) throws {
        let found = try read(line)
        #expect(found.form == form)
        #expect(found.row == row)
    }

    @Test(arguments: [
        ("", "the text ends where a value should be"),
        ("[1]", "must be a JSON object, this is a list"),
        ("{}", "found none"), (#"{"text": "x"}"#, "found 'text'"),
        (#"{"prompt": "x"}"#, "has 'prompt' but no 'response'"),
        (#"{"prompt": "x", "response": 3}"#, "'response' must be a string, this is an integer"),
        (#"{"prompt": null, "response": "x"}"#, "'prompt' must be a string, this is null"),
        (#"{"prompt": "x", "response": "y", "question": "x", "answer": "y"}"#, "ambiguous"),
        (#"{"prompt": "x", "response": "y", "response": "z"}"#, "'response' appears twice"),
        (#"{"prompt": "x", "response": "y""#, "the text ends inside"),
        (#"{"prompt": "x", "response": "y"} {}"#, "more text follows"),
        (#"{"prompt": "x", "response": "\ud800"}"#, "half a surrogate pair"),
        (#"{"prompt": "x", "response": "\q"}"#, "unknown escape"),
        (#"{'prompt': "x"}"#, "expected a key in quotes"),
        (#"{"messages": []}"#, "'messages' is empty"),
        (#"{"messages": "hi"}"#, "must be a list of turns, this is a string"),
        (#"{"messages": [{"role": "user", "content": "q"}]}"#, "must end with the assistant's"),
        (#"{"messages": [{"role": "assistant", "content": "a"}]}"#, "nothing before it"),
        (
            #"{"messages": [{"role": "user", "content": ["q"]}]}"#,
            "'content' must be a string, it is a list"
        ),
        (#"{"messages": [{"content": "q"}]}"#, "'messages'[0] has no text 'role'"),
        (#"{"messages": ["q"]}"#, "'messages'[0] must be an object"),
        (
            #"{"conversations": [{"from": "narrator", "value": "q"}]}"#,
            "speaker 'narrator' is unknown"
        ),
        (#"{"instruction": "x", "input": 1, "output": "y"}"#, "'input' must be a string"),
        (#"{"prompt_ids": [], "response_ids": [1]}"#, "'prompt_ids' is empty"),
        (#"{"prompt_ids": [1.5], "response_ids": [1]}"#, "'prompt_ids'[0] is not a token id"),
        (#"{"prompt_ids": [1], "response_ids": [-1]}"#, "'response_ids'[0] is not a token id"),
        (#"{"prompt_ids": [1], "response_ids": [2147483648]}"#, "is not a token id"),
        (#"{"prompt_ids": "1 2", "response_ids": [1]}"#, "must be a list of token ids"),
        (#"{"prompt": "x", "response": 1e999}"#, "too large"),
    ])
    func aBadRowSaysWhatIsWrong(line: String, reason: String) throws {
        let problem = try #require(throws: RowProblem.self) { try read(line) }
        #expect(problem.reason.contains(reason), "\(problem.reason)")
    }

    @Test func deepNestingIsRefusedNotFollowed() throws {
        let depth = 200_000
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let line =
                #"{"prompt": "# + String(repeating: open, count: depth) + "1"
                + String(repeating: close, count: depth) + "}"
            let problem = try #require(throws: RowProblem.self) { try read(line) }
            #expect(problem.reason.contains("nested deeper"))
        }
    }

    @Test func theReportCountsAndNamesLines() throws {
        let good = #"{"prompt": "q", "response": "a"}"#
        let text = [
            "\u{FEFF}" + good, "", good, "   \r", #"{"question": "q", "answer": ""}"#, "nonsense",
            #"{"prompt_ids": [1], "response_ids": [2]}"# + "\r", #"{"prompt": "q"}"#,
            #"{"question": "q", "answer": "b"}"#,
        ].joined(separator: "\n")
        try withFile(Array(text.utf8) + [0x0A] + Array("{\"prompt\": \"\u{1}".utf8) + [0xFF]) {
            file in
            let report = try file.inspect()
            #expect(report.rows == 4)
            #expect(report.forms == ["prompt_response": 2, "token_ids": 1, "question_answer": 1])
            #expect(report.duplicates == 1)
            #expect(report.emptyResponses == 1)
            #expect(report.firstEmptyResponse == 5)
            #expect(report.blankLines == 2)
            #expect(report.problemCount == 3)
            #expect(report.problems.map(\.line) == [6, 8, 10])
            #expect(!report.isUsable)
            let error = try #require(throws: SpinError.self) { try file.rows() }
            #expect(error.problems.map(\.pointer) == ["/line/6", "/line/8", "/line/10"])
        }
    }

    @Test func invalidUTF8IsAProblemOfItsLine() throws {
        let bytes =
            Array(#"{"prompt": "q", "response": ""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
        try withFile(bytes) { file in
            let report = try file.inspect()
            #expect(report.problems.map(\.line) == [1])
            #expect(report.problems[0].reason.contains("not valid UTF-8"))
        }
    }

    @Test func manyProblemsAreCountedAndTheFirstAreKept() throws {
        let lines = Array(repeating: "x", count: 250).joined(separator: "\n")
        try withFile(Array(lines.utf8)) { file in
            let report = try file.inspect()
            #expect(report.problemCount == 250)
            #expect(report.problems.count == DatasetReport.keptProblems)
            #expect(report.problems.last?.line == DatasetReport.keptProblems)
        }
    }

    @Test func rowsAcrossBlocksComeWholeAndInOrder() throws {
        // Lines of growing length, so that block ends fall everywhere; several blocks of 1 MiB.
        let count = 3000
        let responses = (0..<count).map { String(repeating: "é\($0) ", count: $0 % 97 * 5 + 1) }
        let text = responses.map { #"{"prompt": "q", "response": "\#($0)"}"# }.joined(
            separator: "\n")
        try #require(text.utf8.count > 4 << 20)
        try withFile(Array(text.utf8)) { file in
            let rows = try file.rows()
            #expect(rows.map(\.line) == Array(1...count))
            #expect(rows.map(\.row) == responses.map { .text(prompt: .text("q"), response: $0) })
        }
    }

    @Test func anEmptyOrMissingFileIsRefused() throws {
        try withFile([]) { file in
            let report = try file.inspect()
            #expect(!report.isUsable)
            let error = try #require(throws: SpinError.self) { try file.rows() }
            #expect(error.code == .invalid)
        }
        let missing = DatasetFile(URL(fileURLWithPath: "/no/such/file.jsonl"))
        let error = try #require(throws: SpinError.self) { try missing.inspect() }
        #expect(error.code == .notFound)
    }

    @Test func canonicallyEquivalentRowsAreNoDuplicates() throws {
        let text =
            "{\"prompt\": \"e\u{301}\", \"response\": \"a\"}\n{\"prompt\": \"\u{e9}\", \"response\": \"a\"}"
        try withFile(Array(text.utf8)) { file in
            let report = try file.inspect()
            #expect(report.rows == 2)
            #expect(report.duplicates == 0)
        }
    }

    private func withFile(_ bytes: [UInt8], _ body: (DatasetFile) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "\(UUID().uuidString).jsonl")
        try Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(DatasetFile(url))
    }
}
