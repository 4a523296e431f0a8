import SpinDomain

/// Which tokens begin, end and pad, as a model's files say it; ids outside the vocabulary, which
/// no model can write, are left out.
struct TokenRoles {
    let begin: Int32?
    let ends: [Int32]
    let pad: Int32?

    /// `generation_config.json`, when there is one, adds its end tokens before the other's.
    init(
        _ configuration: ConfigurationFields, generation: ConfigurationFields?,
        vocabularySize: Int
    ) throws {
        func ids(_ key: String) throws -> [Int32] {
            let sources = [generation, configuration].compactMap { $0 }
            return try sources.flatMap { try TokenRoles.read($0, key, vocabularySize) }
        }
        begin = try ids("bos_token_id").first
        ends = try ids("eos_token_id").withoutRepeats
        pad = try ids("pad_token_id").first
    }

    init(_ tokenizer: GGUFTokenizerFields, vocabularySize: Int) {
        func known(_ id: Int32?) -> Int32? {
            id.flatMap { (0..<vocabularySize).contains(Int($0)) ? $0 : nil }
        }
        begin = known(tokenizer.beginTokenID)
        ends = [tokenizer.endTokenID, tokenizer.endOfTurnTokenID].compactMap(known).withoutRepeats
        pad = known(tokenizer.padTokenID)
    }

    /// A number, a list, or nothing.
    private static func read(
        _ fields: ConfigurationFields, _ key: String, _ vocabularySize: Int
    ) throws -> [Int32] {
        guard let value = fields.lookUp(key) else { return [] }
        let elements = value.array ?? [value]
        let ids = elements.compactMap(\.integer)
        guard ids.count == elements.count else {
            throw fields.damaged(key, value, "a token id or a list of them")
        }
        return ids.filter { (0..<vocabularySize).contains($0) }.map { Int32($0) }
    }

    /// One id as a number and several as a list, as Hugging Face writes them.
    static func json(_ ids: [Int32]) -> JSONValue {
        switch ids.count {
        case 0: .null
        case 1: .integer(Int(ids[0]))
        default: .array(ids.map { .integer(Int($0)) })
        }
    }

    /// The `generation_config.json` of a model that came without one.
    var generationObject: JSONObject {
        [
            "bos_token_id": TokenRoles.json(begin.map { [$0] } ?? []),
            "eos_token_id": TokenRoles.json(ends),
            "pad_token_id": TokenRoles.json(pad.map { [$0] } ?? []),
        ]
    }
}

extension [Int32] {
    /// The first of each, in order.
    fileprivate var withoutRepeats: [Int32] {
        reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
