import SpinDomain

/// The `tokenizer.ggml.*` metadata of a GGUF file.
public struct GGUFVocabulary: Sendable {
    /// `tokenizer.ggml.model`: "gpt2" is byte-level BPE, "llama" SentencePiece's BPE.
    public var model: String
    /// `tokenizer.ggml.pre`: which pre-tokenizer a "gpt2" vocabulary was trained with.
    public var pre: String?
    public var tokens: [String]
    /// Log-probabilities of a "llama" vocabulary: the highest merges first.
    public var scores: [Float]?
    /// 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    public var types: [Int32]?
    public var merges: [String]
    public var bos: Int32?
    public var eos: Int32?
    public var unk: Int32?
    public var pad: Int32?
    public var addBOS: Bool?
    public var addEOS: Bool?
    public var addSpacePrefix: Bool?
    public var chatTemplate: String?

    public init(
        model: String, pre: String? = nil, tokens: [String], scores: [Float]? = nil,
        types: [Int32]? = nil, merges: [String] = [], bos: Int32? = nil, eos: Int32? = nil,
        unk: Int32? = nil, pad: Int32? = nil, addBOS: Bool? = nil, addEOS: Bool? = nil,
        addSpacePrefix: Bool? = nil, chatTemplate: String? = nil
    ) {
        self.model = model
        self.pre = pre
        self.tokens = tokens
        self.scores = scores
        self.types = types
        self.merges = merges
        self.bos = bos
        self.eos = eos
        self.unk = unk
        self.pad = pad
        self.addBOS = addBOS
        self.addEOS = addEOS
        self.addSpacePrefix = addSpacePrefix
        self.chatTemplate = chatTemplate
    }

    private enum TokenType {
        static let normal: Int32 = 1
        static let unknown: Int32 = 2
        static let control: Int32 = 3
        static let userDefined: Int32 = 4
    }

    /// A token's type; without types, the named tokens are control tokens.
    private func type(of id: Int) -> Int32 {
        if let types { return types[id] }
        let named = [bos, eos, unk, pad].compactMap { $0.map(Int.init) }
        return named.contains(id) ? TokenType.control : TokenType.normal
    }

    /// Whether merges may make the token.
    func isNormal(_ id: Int) -> Bool { type(of: id) == TokenType.normal }

    /// The vocabulary as `tokenizer.json` and `tokenizer_config.json`, by name.
    ///
    /// - Throws: `unsupported` for another kind of vocabulary, `damagedFile` when the parts disagree.
    func tokenizerFiles() throws -> [String: [UInt8]] {
        try check()
        let parts: JSONObject
        switch model {
        case "gpt2": parts = try byteLevelParts()
        case "llama": parts = try sentencePieceParts()
        default:
            throw SpinError(
                .unsupported, "tokenizer.ggml.model '\(model)' is not supported",
                hint: "'gpt2' and 'llama' are")
        }
        var file: JSONObject = [
            "version": "1.0", "truncation": .null, "padding": .null,
            "added_tokens": .array(addedTokens()),
        ]
        for (key, value) in parts.members { file[key] = value }
        return [
            TokenizerFile.name: JSONValue.object(file).utf8,
            "tokenizer_config.json": configuration().utf8(.indented(2)),
        ]
    }

    private func check() throws {
        func damage(_ what: String) -> SpinError { .damaged("GGUF", what) }
        guard !tokens.isEmpty, tokens.count < Int(Int32.max) else {
            throw damage("it has no tokens")
        }
        if let types, types.count != tokens.count {
            throw damage("\(types.count) token types for \(tokens.count) tokens")
        }
        if let scores, scores.count != tokens.count {
            throw damage("\(scores.count) scores for \(tokens.count) tokens")
        }
        for (name, id) in [("bos", bos), ("eos", eos), ("unknown", unk), ("padding", pad)] {
            guard let id else { continue }
            guard tokens.indices.contains(Int(id)) else {
                throw damage("the \(name) token \(id) is not in the vocabulary")
            }
        }
    }

    // MARK: Pieces of the files

    func name(of id: Int32?) -> String? { id.map { tokens[Int($0)] } }

    /// Tokens by their ids; of two with one spelling the later one counts.
    func vocabulary() -> JSONValue {
        var last: [Spelling: Int] = [:]
        for (id, token) in tokens.enumerated() { last[Spelling(token)] = id }
        return .object(
            JSONObject(
                tokens.enumerated().compactMap { id, token in
                    last[Spelling(token)] == id ? (token, .integer(id)) : nil
                }))
    }

    private func addedTokens() -> [JSONValue] {
        tokens.enumerated().compactMap { id, token in
            let type = type(of: id)
            let isSpecial = type == TokenType.control || type == TokenType.unknown
            guard isSpecial || type == TokenType.userDefined, !token.isEmpty else { return nil }
            return .object([
                "id": .integer(id), "content": .string(token),
                "single_word": .bool(false), "lstrip": .bool(false),
                "rstrip": .bool(false), "normalized": .bool(false),
                "special": .bool(isSpecial),
            ])
        }
    }

    /// The post-processor that adds the tokens around a text.
    ///
    /// - Parameter addsBegin: what the kind of vocabulary does when the file does not say.
    func template(addsBegin standard: Bool) -> JSONValue {
        let begin = addBOS ?? standard ? bos : nil
        let end = addEOS ?? false ? eos : nil
        guard begin != nil || end != nil else { return .null }
        func special(_ id: Int32?, type: Int) -> [JSONValue] {
            guard let name = name(of: id) else { return [] }
            let content: JSONObject = ["id": .string(name), "type_id": .integer(type)]
            return [.object(["SpecialToken": .object(content)])]
        }
        func text(_ name: String, type: Int) -> JSONValue {
            let content: JSONObject = ["id": .string(name), "type_id": .integer(type)]
            return .object(["Sequence": .object(content)])
        }
        func around(_ name: String, type: Int) -> [JSONValue] {
            special(begin, type: type) + [text(name, type: type)] + special(end, type: type)
        }
        let tokens: [(String, JSONValue)] = Set([begin, end].compactMap { $0 }).sorted().map { id in
            let name = self.tokens[Int(id)]
            return (
                name,
                .object([
                    "id": .string(name), "ids": .array([.integer(Int(id))]),
                    "tokens": .array([.string(name)]),
                ])
            )
        }
        return .object([
            "type": .string("TemplateProcessing"),
            "single": .array(around("A", type: 0)),
            "pair": .array(around("A", type: 0) + around("B", type: 1)),
            "special_tokens": .object(JSONObject(tokens)),
        ])
    }

    private func configuration() -> JSONValue {
        let names = [
            ("bos_token", bos), ("eos_token", eos), ("unk_token", unk), ("pad_token", pad),
        ]
        var members: JSONObject = ["tokenizer_class": .string("PreTrainedTokenizerFast")]
        members["clean_up_tokenization_spaces"] = .bool(false)
        for (key, id) in names {
            if let name = name(of: id) { members[key] = .string(name) }
        }
        if let chatTemplate { members["chat_template"] = .string(chatTemplate) }
        return .object(members)
    }
}
