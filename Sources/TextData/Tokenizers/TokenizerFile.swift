import SpinDomain

/// The contents of a `tokenizer.json`, the format of the Hugging Face `tokenizers` library.
///
/// What the file asks for is done exactly or refused: a part that is not known here would give other
/// ids than the model was trained with.
struct TokenizerFile {
    static let name = "tokenizer.json"

    let model: BytePairModel.Parts
    let addedTokens: [AddedToken]
    let normalizer: Normalizer?
    let preTokenizer: PreTokenizer?
    let decoder: TokenDecoder?
    /// The ids that the post-processor puts around a single text.
    let prefixIDs: [Int32]
    let suffixIDs: [Int32]

    /// - Throws: `damagedFile` for what is not such a file, `unsupported` for parts unknown here.
    init(_ bytes: [UInt8]) throws {
        let root = try JSONParser.parseObject(bytes, file: Self.name)
        model = try Self.model(root["model"] ?? .null)
        addedTokens = try Self.addedTokens(root["added_tokens"] ?? .null)
        normalizer = try Self.part(root["normalizer"]).map(Self.normalizer)
        preTokenizer = try Self.part(root["pre_tokenizer"]).map(Self.preTokenizer)
        decoder = try Self.part(root["decoder"]).map(Self.decoder)
        let template = try Self.part(root["post_processor"]).map(Self.template)
        prefixIDs = template?.prefix ?? []
        suffixIDs = template?.suffix ?? []
    }

    /// The id of a token by its content; added tokens come before the model's own.
    func id(of token: String) -> Int32? {
        addedTokens.first { $0.content.isSpelled(token) }?.id
            ?? model.vocabulary.first { $0.token.isSpelled(token) }?.id
    }
}

// MARK: - Reading fields

extension TokenizerFile {
    static func part(_ value: JSONValue?) -> JSONValue? {
        if let value, !value.isNull { value } else { nil }
    }

    static func type(of part: JSONValue, in place: String) throws -> String {
        guard let type = part["type"]?.string else {
            throw SpinError.damaged(name, "\(place) has no 'type'")
        }
        return type
    }

    static func refusal(_ place: String, _ what: String) -> SpinError {
        SpinError(
            .unsupported, "\(name): \(place) '\(what)' is not supported",
            hint: "byte-level and SentencePiece-style BPE tokenizers are")
    }

    static func string(_ part: JSONValue, _ key: String, in place: String) throws -> String {
        guard let text = part[key]?.string else {
            throw SpinError.damaged(name, "\(place) has no text '\(key)'")
        }
        return text
    }

    static func flag(
        _ part: JSONValue, _ key: String, default standard: Bool, in place: String
    ) throws -> Bool {
        guard let value = Self.part(part[key]) else { return standard }
        guard let flag = value.bool else {
            throw SpinError.damaged(name, "\(place): '\(key)' is \(value.kind), not a boolean")
        }
        return flag
    }

    static func list(_ part: JSONValue, _ key: String, in place: String) throws -> [JSONValue] {
        guard let elements = part[key]?.array else {
            throw SpinError.damaged(name, "\(place) has no list '\(key)'")
        }
        return elements
    }

    static func id(_ value: JSONValue?, of what: String) throws -> Int32 {
        guard let number = value?.integer, let id = Int32(exactly: number), id >= 0 else {
            throw SpinError.damaged(name, "\(what) has no id of 0 to \(Int32.max)")
        }
        return id
    }

    /// `{"String": "…"}` or `{"Regex": "…"}`.
    static func pattern(_ part: JSONValue, in place: String) throws -> TextPattern {
        if let text = part["pattern"]?["String"]?.string { return .literal(Array(text.utf8)) }
        if let text = part["pattern"]?["Regex"]?.string { return .regex(try Pattern(text)) }
        throw SpinError.damaged(name, "\(place) has no pattern")
    }

    static func behavior(
        _ part: JSONValue, default standard: SplitBehavior? = nil, in place: String
    ) throws -> SplitBehavior {
        if let standard, Self.part(part["behavior"]) == nil { return standard }
        let text = try string(part, "behavior", in: place)
        guard let behavior = SplitBehavior(rawValue: text) else {
            throw refusal("\(place) behavior", text)
        }
        return behavior
    }
}
