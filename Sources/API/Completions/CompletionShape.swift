import SpinDomain

/// What all chunks of one answer have in common, and how its parts are written.
struct CompletionShape: Sendable {
    let id: String
    /// Unix seconds.
    let created: Int
    let request: CompletionRequest

    var isChat: Bool { request.form == .chat }

    /// A whole answer, or a chunk of a stream.
    ///
    /// - Parameter usage: nil to leave the member out.
    func answer(_ choices: [JSONValue], isChunk: Bool, usage: JSONValue?) -> JSONValue {
        let kind = isChat ? "chat.completion" : "text_completion"
        var object: JSONObject = [
            "id": .string(id), "object": .string(isChat && isChunk ? kind + ".chunk" : kind),
            "created": .integer(created), "model": .string(request.model),
            "choices": .array(choices),
        ]
        if let usage { object["usage"] = usage }
        return .object(object)
    }

    /// - Parameters:
    ///   - content: the member that carries the text.
    ///   - tokens: what log-probabilities are shown of.
    ///   - ids: drawn tokens; nil to leave them out.
    func choice(
        _ index: Int, content: (key: String, value: JSONValue), tokens: [TextToken],
        ending: TextEnding?, promptIDs: [Int32]? = nil, ids: [Int32]? = nil
    ) -> JSONValue {
        var choice: JSONObject = ["index": .integer(index)]
        choice[content.key] = content.value
        choice["logprobs"] = request.text.logProbabilities == nil ? .null : logProbabilities(tokens)
        choice["finish_reason"] = JSONValue(ending?.rawValue)
        if request.returnsTokenIDs {
            if let promptIDs { choice["prompt_token_ids"] = JSONValue(promptIDs) }
            if let ids { choice["token_ids"] = JSONValue(ids) }
        }
        return .object(choice)
    }

    static func usage(_ usage: TextUsage) -> JSONValue {
        [
            "prompt_tokens": .integer(usage.promptTokens),
            "completion_tokens": .integer(usage.completionTokens),
            "total_tokens": .integer(usage.promptTokens + usage.completionTokens),
        ]
    }

    // MARK: Log-probabilities

    private func logProbabilities(_ tokens: [TextToken]) -> JSONValue {
        if isChat { return ["content": .array(tokens.map(Self.entry)), "refusal": .null] }
        return [
            "tokens": .array(tokens.map { .string(Self.spelling($0.id, $0.bytes)) }),
            "token_logprobs": .array(tokens.map { JSONValue($0.logProbability) }),
            "top_logprobs": .array(tokens.map(Self.likeliest)),
            "text_offset": .array(tokens.map { .integer($0.offset) }),
        ]
    }

    /// The likeliest tokens by their spelling, and the token itself where it is none of them.
    private static func likeliest(_ token: TextToken) -> JSONValue {
        guard let own = token.logProbability else { return .null }
        var object = JSONObject()
        let all = token.likeliest.map { ($0.id, $0.bytes, $0.logProbability) }
        let rest =
            token.likeliest.contains { $0.id == token.id } ? [] : [(token.id, token.bytes, own)]
        for (id, bytes, logProbability) in all + rest {
            let name = spelling(id, bytes)
            object[object[name] == nil ? name : spelling(id, nil)] = .number(logProbability)
        }
        return .object(object)
    }

    private static func entry(_ token: TextToken) -> JSONValue {
        var object = Self.entry(token.id, token.bytes, token.logProbability)
        object["top_logprobs"] = .array(
            token.likeliest.map { .object(Self.entry($0.id, $0.bytes, $0.logProbability)) })
        return .object(object)
    }

    private static func entry(
        _ id: Int32, _ bytes: [UInt8]?, _ logProbability: Double?
    ) -> JSONObject {
        [
            "token": .string(spelling(id, bytes)), "logprob": JSONValue(logProbability),
            "bytes": bytes.map { JSONValue($0.map { Int($0) }) } ?? .null,
        ]
    }

    /// Bytes that are no whole characters are spelled out, as OpenAI does it.
    private static func spelling(_ id: Int32, _ bytes: [UInt8]?) -> String {
        guard let bytes else { return "token_id:\(id)" }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return "bytes:"
            + bytes.map { ($0 < 16 ? "\\x0" : "\\x") + String($0, radix: 16) }.joined()
    }
}
