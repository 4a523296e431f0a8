import SpinDomain

/// Why a line is not a row.
package struct RowProblem: Error, Sendable, Equatable {
    package let reason: String

    package init(_ reason: String) {
        self.reason = reason
    }
}

extension DatasetForm {
    /// Reads one line of a data set.
    package static func read(
        _ line: UnsafeBufferPointer<UInt8>
    ) throws(RowProblem) -> (form: DatasetForm, row: DatasetRow) {
        let value: JSONValue
        do {
            value = try JSONParser.parse(line)
        } catch {
            throw RowProblem(error.message)
        }
        guard let keys = value.object?.keys else {
            throw RowProblem("a row must be a JSON object, this is \(value.kind)")
        }
        let form = try form(of: keys)
        return (form, try form.row(value))
    }

    /// The one form whose required keys are all there; other keys are of no account.
    private static func form(of keys: [String]) throws(RowProblem) -> DatasetForm {
        let complete = allCases.filter { $0.requiredKeys.allSatisfy(keys.contains) }
        guard let form = complete.first else { throw incomplete(keys) }
        guard complete.count == 1 else {
            let names = complete.map { "\(list($0.requiredKeys))" }.joined(
                separator: " as well as ")
            throw RowProblem("ambiguous: the row has \(names)")
        }
        return form
    }

    private static func incomplete(_ keys: [String]) -> RowProblem {
        let begun = allCases.first { $0.requiredKeys.contains(where: keys.contains) }
        if let begun {
            let missing = begun.requiredKeys.filter { !keys.contains($0) }
            let present = begun.requiredKeys.filter(keys.contains)
            return RowProblem("has \(list(present)) but no \(list(missing))")
        }
        let expected = allCases.map { list($0.requiredKeys) }.joined(separator: ", or ")
        return RowProblem(
            "expected the keys \(expected); found \(keys.isEmpty ? "none" : list(keys))")
    }

    /// Names of keys for a message, cut short where a row has very many or very long ones.
    private static func list(_ keys: [String]) -> String {
        let names = keys.prefix(8).map { "'\($0.prefix(40))'" }.joined(separator: " and ")
        return keys.count > 8 ? names + " and more" : names
    }

    private func row(_ value: JSONValue) throws(RowProblem) -> DatasetRow {
        switch self {
        case .tokenIDs:
            let prompt = try Self.ids(value, "prompt_ids")
            guard !prompt.isEmpty else { throw RowProblem("'prompt_ids' is empty") }
            return .ids(prompt: prompt, response: try Self.ids(value, "response_ids"))
        case .messages, .real:
            return try Self.conversation(
                value, requiredKeys[0], roleKey: "role", contentKey: "content"
            ) { role throws(RowProblem) in role }
        case .conversations:
            return try Self.conversation(
                value, "conversations", roleKey: "from", contentKey: "value",
                role: Self.roleOfSpeaker)
        case .promptResponse:
            return .text(
                prompt: .text(try Self.text(value, "prompt")),
                response: try Self.text(value, "response"))
        case .questionAnswer:
            return .text(
                prompt: .text(try Self.text(value, "question")),
                response: try Self.text(value, "answer"))
        case .alpaca:
            let instruction = try Self.text(value, "instruction")
            let input = value["input"]?.isNull ?? true ? "" : try Self.text(value, "input")
            return .text(
                prompt: .text(input.isEmpty ? instruction : instruction + "\n\n" + input),
                response: try Self.text(value, "output"))
        }
    }

    private static func text(_ value: JSONValue, _ key: String) throws(RowProblem) -> String {
        let found = value[key] ?? .null
        guard let text = found.string else {
            throw RowProblem("'\(key)' must be a string, this is \(found.kind)")
        }
        return text
    }

    private static func ids(_ value: JSONValue, _ key: String) throws(RowProblem) -> [Int32] {
        let found = value[key] ?? .null
        guard let elements = found.array else {
            throw RowProblem("'\(key)' must be a list of token ids, this is \(found.kind)")
        }
        var ids: [Int32] = []
        ids.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let number = element.integer, let id = Int32(exactly: number), id >= 0 else {
                throw RowProblem("'\(key)'[\(index)] is not a token id of 0 to \(Int32.max)")
            }
            ids.append(id)
        }
        return ids
    }
}

// MARK: - Conversations

extension DatasetForm {
    private static func conversation(
        _ value: JSONValue, _ key: String, roleKey: String, contentKey: String,
        role: (String) throws(RowProblem) -> String
    ) throws(RowProblem) -> DatasetRow {
        let found = value[key] ?? .null
        guard let turns = found.array else {
            throw RowProblem("'\(key)' must be a list of turns, this is \(found.kind)")
        }
        var messages: [ChatMessage] = []
        // NeMo keeps the system message beside the turns.
        if key == "conversations", let system = value["system"], !system.isNull {
            let content = try text(value, "system")
            if !content.isEmpty { messages.append(ChatMessage(role: "system", content: content)) }
        }
        for (index, turn) in turns.enumerated() {
            let place = "'\(key)'[\(index)]"
            guard turn.object != nil else {
                throw RowProblem("\(place) must be an object, this is \(turn.kind)")
            }
            guard let name = turn[roleKey]?.string, !name.isEmpty else {
                throw RowProblem("\(place) has no text '\(roleKey)'")
            }
            guard let content = turn[contentKey]?.string else {
                let kind = turn[contentKey]?.kind ?? "missing"
                throw RowProblem("\(place): '\(contentKey)' must be a string, it is \(kind)")
            }
            messages.append(ChatMessage(role: try role(name), content: content))
        }
        guard let response = messages.popLast() else { throw RowProblem("'\(key)' is empty") }
        guard response.role == "assistant" else {
            throw RowProblem(
                "the last turn is of '\(response.role.prefix(40))'; a row must end with the assistant's"
            )
        }
        guard !messages.isEmpty else {
            throw RowProblem("'\(key)' has a response but nothing before it")
        }
        return .text(prompt: .messages(messages), response: response.content)
    }

    /// ShareGPT's and NeMo's names for the speakers.
    private static func roleOfSpeaker(_ name: String) throws(RowProblem) -> String {
        switch name.lowercased() {
        case "human", "user": return "user"
        case "gpt", "assistant", "chatgpt", "model": return "assistant"
        case "system": return "system"
        default:
            throw RowProblem(
                "the speaker '\(name.prefix(40))' is unknown; expected human, user, gpt, assistant or system"
            )
        }
    }
}
