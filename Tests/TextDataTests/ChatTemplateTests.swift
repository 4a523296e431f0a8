import SpinDomain
import Testing
import TextData

@Suite struct ChatTemplateTests {
    @Test func everyTemplateRendersAsJinja2Does() throws {
        let fixture = try Fixture("chat_templates.json").json()
        let tokens = try specialTokens(fixture)
        let conversations = try conversations(fixture)
        for entry in try #require(fixture["templates"]?.array) {
            let name = try #require(entry["name"]?.string)
            let template = try ChatTemplate(
                source: try #require(entry["source"]?.string), specialTokens: tokens)
            for (key, adds) in [("prompts", true), ("texts", false)] {
                let expected = try #require(entry[key]?.array)
                for (messages, text) in zip(conversations, expected) {
                    let found = Result {
                        try template.render(messages, addGenerationPrompt: adds)
                    }
                    guard let text = text.string else {
                        // The template raised; the row is refused with its words.
                        #expect(throws: SpinError.self) { try found.get() }
                        continue
                    }
                    #expect(scalars(try found.get()) == scalars(text), "\(name) \(messages)")
                }
            }
        }
    }

    @Test func jinjaExpressionsEvaluateAsJinja2Does() throws {
        let fixture = try Fixture("chat_templates.json").json()
        let tokens = try specialTokens(fixture)
        let messages = try conversations(fixture)[2]
        for entry in try #require(try Fixture("jinja.json").json().array) {
            let source = try #require(entry["source"]?.string)
            let text = try #require(entry["text"]?.string)
            let found = try ChatTemplate.evaluate(
                source, messages: messages, addGenerationPrompt: true,
                variables: tokens.merging(["word": "abcdef"], uniquingKeysWith: { $1 }))
            #expect(scalars(found) == scalars(text), "\(source)")
        }
    }

    @Test(arguments: [
        ("chatml", "<|im_end|>\n"), ("chatml_default_system", "<|im_end|>\n"),
        ("llama3", "<|eot_id|>"), ("llama3_tools", "<|eot_id|>"), ("zephyr", "</s>\n"),
        ("alpaca", "\n\n"), ("mistral", "</s>"), ("llama2", " </s>"),
    ])
    func endOfTurnIsWhatFollowsTheAssistantsText(name: String, end: String) throws {
        let fixture = try Fixture("chat_templates.json").json()
        let entry = try #require(
            fixture["templates"]?.array?.first { $0["name"]?.string == name })
        let template = try ChatTemplate(
            source: try #require(entry["source"]?.string),
            specialTokens: try specialTokens(fixture))
        #expect(template.endOfTurn == end)
    }

    @Test(arguments: [
        "{% macro f() %}{% endmacro %}", "{% include 'x' %}", "{{ messages | sort }}",
        "{{ messages.pop() }}", "{{ cycler() }}", "{{ 1 is callable }}",
        "{% for a in b recursive %}{% endfor %}",
        "{{ 2 ** 3 }}", "{% set a, b = 1, 2 %}", "{{ messages.append(1)(2) }}",
        "{% filter upper %}x{% endfilter %}", "{% call f() %}{% endcall %}",
    ])
    func constructsUnknownHereAreRefusedAtLoading(source: String) throws {
        let error = try #require(throws: SpinError.self) {
            try ChatTemplate(source: source, specialTokens: [:])
        }
        #expect(error.code == .unsupported)
    }

    @Test(arguments: [
        "{{", "{% if %}", "{% if true %}", "{% endif %}", "{{ 'open }}", "{{ 1 + }}", "{{ (1 }}",
        "{% for in x %}{% endfor %}", "{# open", "{{ a b }}", "{% raw %}", "{{ ) }}",
        "{{ '\\x4' }}",
        "{% else %}", "{{ 99999999999999999999 }}", "{{ [1:2] }}", "{{ x[] }}", "{{ x[::::] }}",
    ])
    func brokenTemplatesAreNamedMalformed(source: String) throws {
        let error = try #require(throws: SpinError.self) {
            try ChatTemplate(source: source, specialTokens: [:])
        }
        #expect(error.code == .malformed)
    }

    @Test(arguments: [
        "{{ missing.x }}", "{{ 1 + 'a' }}", "{{ none + 'a' }}", "{{ [1] }}",
        "{{ strftime_now('%Y') }}",
        "{{ range(100000000) | length }}", "{{ 'a' * 1000000000000 }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ 1 // 0 }}", "{% set ns.a = 1 %}", "{% for a, b in [1] %}{% endfor %}", "{{ 'a' < 1 }}",
        "{{ word[::0] }}", "plain text without the messages",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(t='aaaaaaaa') %}{% for a in range(99) %}"
            + "{% set ns.t = ns.t + ns.t %}{% endfor %}",
    ])
    func whatCannotBeComputedIsRefusedWithoutGuessing(source: String) throws {
        #expect(throws: SpinError.self) { try ChatTemplate(source: source, specialTokens: [:]) }
    }

    @Test func deeplyNestedTemplatesAreRefused() {
        let depth = 20_000
        for (open, close) in [("(", ")"), ("[", "]"), ("not ", ""), ("-", "1"), ("{'a':", "}")] {
            let source =
                "{{ " + String(repeating: open, count: depth) + "1"
                + String(repeating: close, count: depth) + " }}"
            #expect(throws: SpinError.self) { try ChatTemplate(source: source, specialTokens: [:]) }
        }
        let sum = "{{ " + Array(repeating: "1", count: depth).joined(separator: " + ") + " }}"
        #expect(throws: SpinError.self) { try ChatTemplate(source: sum, specialTokens: [:]) }
        let blocks = String(repeating: "{% if true %}", count: depth)
        #expect(throws: SpinError.self) { try ChatTemplate(source: blocks, specialTokens: [:]) }
    }

    private func specialTokens(_ fixture: JSONValue) throws -> [String: String] {
        let members = try #require(fixture["special_tokens"]?.object?.members)
        return Dictionary(
            uniqueKeysWithValues: try members.map { ($0.key, try #require($0.value.string)) })
    }

    private func conversations(_ fixture: JSONValue) throws -> [[ChatMessage]] {
        try #require(fixture["conversations"]?.array).map { try $0.chatMessages() }
    }
}

extension JSONValue {
    /// A list of `{"role", "content"}`, for fixtures.
    func chatMessages() throws -> [ChatMessage] {
        try #require(array).map {
            ChatMessage(
                role: try #require($0["role"]?.string), content: try #require($0["content"]?.string)
            )
        }
    }
}
