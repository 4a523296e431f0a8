import SpinDomain

extension TokenizerFile {
    static func model(_ part: JSONValue) throws -> BytePairModel.Parts {
        guard part.object != nil else { throw SpinError.damaged(name, "it has no model") }
        // Files older than the field are BPE when they have merges.
        let type = part["type"]?.string ?? (part["merges"] != nil ? "BPE" : "without type")
        guard type == "BPE" else { throw refusal("model", type) }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = part[key]?.string, !text.isEmpty { throw refusal("model \(key)", text) }
        }
        if let dropout = Self.part(part["dropout"]) {
            switch dropout {
            case .integer(0), .number(0): break
            default: throw refusal("model", "dropout")
            }
        }
        var parts = BytePairModel.Parts()
        parts.vocabulary = try vocabulary(part)
        parts.merges = try list(part, "merges", in: "the model").enumerated().map(merge)
        parts.unknownToken = Self.part(part["unk_token"])?.string
        parts.fusesUnknown = try flag(part, "fuse_unk", default: false, in: "the model")
        parts.hasByteFallback = try flag(part, "byte_fallback", default: false, in: "the model")
        parts.ignoresMerges = try flag(part, "ignore_merges", default: false, in: "the model")
        return parts
    }

    private static func vocabulary(_ part: JSONValue) throws -> [(token: String, id: Int32)] {
        guard let members = part["vocab"]?.object?.members else {
            throw SpinError.damaged(name, "the model has no vocabulary")
        }
        return try members.map { ($0.key, try id($0.value, of: "token '\($0.key)'")) }
    }

    /// `"a b"`, or `["a", "b"]` in newer files.
    private static func merge(
        _ index: Int, _ value: JSONValue
    ) throws -> (left: String, right: String) {
        if let pair = value.array, pair.count == 2, let left = pair[0].string,
            let right = pair[1].string
        {
            return (left, right)
        }
        if let text = value.string?.utf8, let space = text.firstIndex(of: UInt8(ascii: " ")) {
            let left = text[..<space]
            let right = text[text.index(after: space)...]
            // Scalar boundaries, because the space between them is ASCII.
            if !right.contains(UInt8(ascii: " ")) {
                return (
                    String(decoding: left, as: UTF8.self), String(decoding: right, as: UTF8.self)
                )
            }
        }
        throw SpinError.damaged(name, "merge \(index + 1) is not a pair of tokens")
    }

    static func addedTokens(_ part: JSONValue) throws -> [AddedToken] {
        guard let elements = Self.part(part) else { return [] }
        guard let tokens = elements.array else {
            throw SpinError.damaged(name, "'added_tokens' is \(elements.kind), not a list")
        }
        return try tokens.map { token in
            let content = try string(token, "content", in: "an added token")
            let place = "added token '\(content)'"
            let isSpecial = try flag(token, "special", default: false, in: place)
            return AddedToken(
                id: try id(token["id"], of: place), content: content,
                isSingleWord: try flag(token, "single_word", default: false, in: place),
                stripsLeft: try flag(token, "lstrip", default: false, in: place),
                stripsRight: try flag(token, "rstrip", default: false, in: place),
                isNormalized: try flag(token, "normalized", default: !isSpecial, in: place),
                isSpecial: isSpecial)
        }
    }
}
