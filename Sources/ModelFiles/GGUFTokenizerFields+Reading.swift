import SpinDomain

extension GGUFTokenizerFields {
    /// Nil when the file has no tokenizer.
    /// - Throws: `damagedFile` for a value of the wrong type or lists of different lengths.
    init?(_ file: GGUFFile) throws {
        let fields = TokenizerMetadata(file: file)
        guard let model = try fields.value("model", "a string", \.string) else { return nil }
        self.model = model
        pre = try fields.value("pre", "a string", \.string)
        tokens = try fields.list("tokens", "strings", \.string)
        scores = try fields.list("scores", "numbers") { $0.number.map { Float($0) } }
        types = try fields.list("token_type", "whole numbers") {
            $0.integer.flatMap { Int32(exactly: $0) }
        }
        merges = try fields.list("merges", "strings", \.string)
        beginTokenID = try fields.tokenID("bos_token_id")
        endTokenID = try fields.tokenID("eos_token_id")
        endOfTurnTokenID = try fields.tokenID("eot_token_id")
        unknownTokenID = try fields.tokenID("unknown_token_id")
        padTokenID = try fields.tokenID("padding_token_id")
        addsBeginToken = try fields.value("add_bos_token", "true or false", \.flag)
        addsEndToken = try fields.value("add_eos_token", "true or false", \.flag)
        addsSpacePrefix = try fields.value("add_space_prefix", "true or false", \.flag)
        chatTemplate = try fields.value("chat_template", "a string", prefix: "", \.string)
        for (name, count) in [("scores", scores.count), ("token_type", types.count)]
        where count != 0 && count != tokens.count {
            throw SpinError.damaged(
                file.name, "has \(count) tokenizer.ggml.\(name) for \(tokens.count) tokens")
        }
    }
}

/// Typed access to the keys under `tokenizer.`.
private struct TokenizerMetadata {
    let file: GGUFFile

    func value<Value>(
        _ key: String, _ expected: String, prefix: String = "ggml.",
        _ convert: (GGUFValue) -> Value?
    ) throws -> Value? {
        let key = "tokenizer." + prefix + key
        guard let value = file.metadata[key] else { return nil }
        guard let converted = convert(value) else {
            throw SpinError.damaged(file.name, "'\(key)' is not \(expected)")
        }
        return converted
    }

    /// Empty when absent.
    func list<Value>(
        _ key: String, _ expected: String, _ convert: (GGUFValue) -> Value?
    ) throws -> [Value] {
        guard let elements = try value(key, "a list", \.array) else { return [] }
        return try elements.map { element in
            guard let converted = convert(element) else {
                throw SpinError.damaged(
                    file.name, "'tokenizer.ggml.\(key)' is not a list of \(expected)")
            }
            return converted
        }
    }

    func tokenID(_ key: String) throws -> Int32? {
        try value(key, "a token id") { $0.integer.flatMap { Int32(exactly: $0) } }
    }
}
