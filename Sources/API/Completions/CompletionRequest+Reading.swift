import SpinDomain

// The fields of a request for text that need more than their type.

extension FieldReader {
    private static let longestText = 1_000_000
    /// Where nobody says how long a text may be: as OpenAI's completions, and a chat's usual answer.
    private static let usualLength = (text: 16, chat: 512)

    mutating func length(_ form: CompletionRequest.Form) -> TextRequest.Length {
        guard form == .chat else {
            let count = optionalInteger("max_tokens", in: 0...Self.longestText)
            return count.map { .exactly($0) } ?? .atMost(Self.usualLength.text)
        }
        let older = optionalInteger("max_tokens", in: 1...Self.longestText)
        let newer = optionalInteger("max_completion_tokens", in: 1...Self.longestText)
        if let older, let newer, older != newer {
            fail("max_tokens", "differs from max_completion_tokens; give one of them")
        }
        return (newer ?? older).map { .exactly($0) } ?? .atMost(Self.usualLength.chat)
    }

    mutating func sampling() -> SamplingOptions {
        var options = SamplingOptions()
        if let temperature = optionalNumber("temperature", in: 0...2) {
            options.temperature = temperature
        }
        if let topP = optionalNumber("top_p", in: 0...1) { options.topP = topP }
        // Both mean: always the likeliest token.
        if options.temperature == 0 || options.topP == 0 {
            options.useGreedy = true
            options.temperature = 1
            options.topP = 1
        }
        options.topK = optionalInteger("top_k", in: 0...Self.longestText) ?? 0
        if let penalty = optionalNumber("repetition_penalty", in: 0.01...100) {
            options.repetitionPenalty = penalty
        }
        options.endStrings = stops()
        return options
    }

    private mutating func stops() -> [String] {
        guard let value = present("stop") else { return [] }
        let values = value.array ?? [value]
        let texts = values.compactMap(\.string).filter { (1...1000).contains($0.utf8.count) }
        guard texts.count == values.count, texts.count <= CompletionRequest.maximumStops else {
            fail(
                "stop",
                "expected a text, or a list of up to \(CompletionRequest.maximumStops), "
                    + "each of 1 to 1000 bytes")
            return []
        }
        return texts
    }

    /// Completions give a number, chats a flag and a number.
    mutating func logProbabilities(_ form: CompletionRequest.Form) -> Int? {
        let range = 0...CompletionRequest.maximumLikeliest
        guard form == .chat else { return optionalInteger("logprobs", in: range) }
        let isWanted = flag("logprobs")
        let count = optionalInteger("top_logprobs", in: range)
        if count != nil && !isWanted { fail("top_logprobs", "needs \"logprobs\": true") }
        return isWanted ? count ?? 0 : nil
    }

    mutating func streamsUsage(isStream: Bool) -> Bool {
        guard let value = present("stream_options") else { return false }
        if !isStream { fail("stream_options", "needs \"stream\": true") }
        var reader = FieldReader(value, pointer: "/stream_options")
        let isWanted = reader.flag("include_usage")
        // Padding against eavesdroppers, of which there is none here.
        _ = reader.flag("include_obfuscation")
        _ = reader.finish()
        merge(reader)
        return isWanted
    }

    // MARK: Prompts

    mutating func prompt() -> TextRequest.Prompt {
        guard let value = present("prompt") else {
            fail("prompt", "is required")
            return .text("")
        }
        if let prompt = Self.prompt(value) { return prompt }
        // Some clients send a list of prompts even if it is one.
        if let list = value.array, list.count == 1, let prompt = Self.prompt(list[0]) {
            return prompt
        }
        fail("prompt", "expected a text or a list of token ids; one prompt a request")
        return .text("")
    }

    private static func prompt(_ value: JSONValue) -> TextRequest.Prompt? {
        if let text = value.string { return .text(text) }
        guard let list = value.array else { return nil }
        let ids = list.compactMap { $0.integer.flatMap { Int32(exactly: $0) } }
        return ids.count == list.count ? .tokens(ids) : nil
    }

    mutating func messages() -> TextRequest.Prompt {
        guard let value = present("messages") else {
            fail("messages", "is required")
            return .messages([])
        }
        guard let list = value.array, !list.isEmpty else {
            fail("messages", "expected a list of messages that is not empty")
            return .messages([])
        }
        return .messages(
            list.enumerated().map { index, value in
                var reader = FieldReader(value, pointer: "/messages/\(index)")
                let message = TextRequest.Message(
                    role: reader.requiredText("role"), content: reader.content())
                reader.readNeutralMessageFields()
                _ = reader.finish()
                merge(reader)
                return message
            })
    }

    /// A text, or a list of parts that are texts.
    private mutating func content() -> String {
        guard let value = present("content") else {
            fail("content", "is required")
            return ""
        }
        if let text = value.string { return text }
        let parts = value.array ?? []
        let texts = parts.compactMap { $0["type"]?.string == "text" ? $0["text"]?.string : nil }
        if parts.isEmpty || texts.count != parts.count {
            fail("content", "expected a text, or a list of {\"type\": \"text\", \"text\": …}")
        }
        return texts.joined()
    }
}
