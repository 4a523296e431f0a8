import SpinDomain

/// A field of OpenAI's that does nothing here: it is taken when its value asks for nothing.
private struct NeutralField {
    let name: String
    /// Besides null; nil for any value.
    let values: [JSONValue]?

    static func any(_ names: String...) -> [NeutralField] {
        names.map { NeutralField(name: $0, values: nil) }
    }

    static func only(_ values: JSONValue..., for names: [String]) -> [NeutralField] {
        names.map { NeutralField(name: $0, values: values) }
    }

    func allows(_ value: JSONValue) -> Bool {
        guard let values else { return true }
        return values.contains { allowed in
            // 0 and 0.0 ask for the same.
            if let number = allowed.double { return value.double == number }
            return allowed == value
        }
    }

    var advice: String {
        let texts = (values ?? []).map(\.text)
        return "is not supported here: leave it out"
            + (texts.isEmpty ? "" : ", or say \(texts.joined(separator: " or "))")
    }
}

extension FieldReader {
    private static let common = [
        NeutralField.any("user"),
        NeutralField.only(0, for: ["frequency_penalty", "presence_penalty"]),
        NeutralField.only([:], for: ["logit_bias"]),
    ]
    private static let text = [
        NeutralField.only(1, for: ["best_of"]), NeutralField.only("", for: ["suffix"]),
    ]
    private static let chat = [
        NeutralField.any("safety_identifier", "prompt_cache_key", "parallel_tool_calls"),
        NeutralField.only([], for: ["tools", "functions"]),
        NeutralField.only("none", "auto", for: ["tool_choice", "function_call"]),
        NeutralField.only(["type": "text"], for: ["response_format"]),
        NeutralField.only("auto", "default", for: ["service_tier"]),
        NeutralField.only(["text"], for: ["modalities"]),
        NeutralField.only(false, for: ["store"]), NeutralField.only([:], for: ["metadata"]),
        NeutralField.only(for: ["audio", "prediction", "reasoning_effort", "web_search_options"]),
        NeutralField.only("medium", for: ["verbosity"]),
    ]
    /// What an assistant's message carries that a client sends back.
    private static let message = [
        NeutralField.only([], for: ["tool_calls", "annotations"]),
        NeutralField.only(for: ["name", "refusal", "audio", "function_call", "tool_call_id"]),
    ]

    mutating func readNeutralFields(_ form: CompletionRequest.Form) {
        readNeutral(Self.common + (form == .text ? Self.text : Self.chat))
    }

    mutating func readNeutralMessageFields() { readNeutral(Self.message) }

    private mutating func readNeutral(_ fields: [[NeutralField]]) {
        for field in fields.joined() {
            guard let value = present(field.name), !field.allows(value) else { continue }
            fail(field.name, field.advice)
        }
    }
}
