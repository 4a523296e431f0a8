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
        let parts: [JSONMember]
        switch model {
        case "gpt2": parts = try byteLevelParts()
        case "llama": parts = try sentencePieceParts()
        default:
            throw SpinError(
                .unsupported, "tokenizer.ggml.model '\(model)' is not supported",
                hint: "'gpt2' and 'llama' are")
        }
        let file = JSONValue.object(
            [
                JSONMember("version", .string("1.0")), JSONMember("truncation", .null),
                JSONMember("padding", .null), JSONMember("added_tokens", .array(addedTokens())),
            ] + parts)
        return [
            TokenizerFile.name: file.text(),
            "tokenizer_config.json": configuration().text(indent: 2),
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
            tokens.enumerated().compactMap { id, token in
                last[Spelling(token)] == id ? JSONMember(token, .integer(id)) : nil
            })
    }

    private func addedTokens() -> [JSONValue] {
        tokens.enumerated().compactMap { id, token in
            let type = type(of: id)
            let isSpecial = type == TokenType.control || type == TokenType.unknown
            guard isSpecial || type == TokenType.userDefined, !token.isEmpty else { return nil }
            return .object([
                JSONMember("id", .integer(id)), JSONMember("content", .string(token)),
                JSONMember("single_word", .boolean(false)), JSONMember("lstrip", .boolean(false)),
                JSONMember("rstrip", .boolean(false)), JSONMember("normalized", .boolean(false)),
                JSONMember("special", .boolean(isSpecial)),
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
            let content = [JSONMember("id", .string(name)), JSONMember("type_id", .integer(type))]
            return [.object([JSONMember("SpecialToken", .object(content))])]
        }
        func text(_ name: String, type: Int) -> JSONValue {
            let content = [JSONMember("id", .string(name)), JSONMember("type_id", .integer(type))]
            return .object([JSONMember("Sequence", .object(content))])
        }
        func around(_ name: String, type: Int) -> [JSONValue] {
            special(begin, type: type) + [text(name, type: type)] + special(end, type: type)
        }
        let tokens = Set([begin, end].compactMap { $0 }).sorted().map { id in
            let name = self.tokens[Int(id)]
            return JSONMember(
                name,
                .object([
                    JSONMember("id", .string(name)), JSONMember("ids", .array([.integer(Int(id))])),
                    JSONMember("tokens", .array([.string(name)])),
                ]))
        }
        return .object([
            JSONMember("type", .string("TemplateProcessing")),
            JSONMember("single", .array(around("A", type: 0))),
            JSONMember("pair", .array(around("A", type: 0) + around("B", type: 1))),
            JSONMember("special_tokens", .object(tokens)),
        ])
    }

    private func configuration() -> JSONValue {
        let names = [
            ("bos_token", bos), ("eos_token", eos), ("unk_token", unk), ("pad_token", pad),
        ]
        var members = [JSONMember("tokenizer_class", .string("PreTrainedTokenizerFast"))]
        members.append(JSONMember("clean_up_tokenization_spaces", .boolean(false)))
        for (key, id) in names {
            if let name = name(of: id) { members.append(JSONMember(key, .string(name))) }
        }
        if let chatTemplate { members.append(JSONMember("chat_template", .string(chatTemplate))) }
        return .object(members)
    }
}
