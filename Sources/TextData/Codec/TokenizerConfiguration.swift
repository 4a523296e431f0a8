import SpinDomain

/// What `tokenizer_config.json` and its neighbours say beyond `tokenizer.json`.
struct TokenizerConfiguration {
    /// `bos_token`, `eos_token`, … by these names.
    private(set) var specialTokens: [String: String] = [:]
    /// Whether texts get the tokens around them, where the file says so itself.
    private(set) var addsBegin: Bool?
    private(set) var addsEnd: Bool?
    private(set) var chatTemplate: String?
    /// Why there is a chat template that cannot be chosen.
    private(set) var templateProblem: SpinError?
    /// End tokens of `generation_config.json`, then of `config.json`.
    private(set) var endIDs: [Int32] = []
    private(set) var beginID: Int32?

    private static let tokenNames = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    /// - Parameter files: contents by name; any of them may be missing.
    /// - Throws: `damagedFile` for a file that is not a JSON object.
    init(_ files: [String: [UInt8]]) throws {
        let main = try Self.object("tokenizer_config.json", files)
        let map = try Self.object("special_tokens_map.json", files)
        for name in Self.tokenNames {
            let token = Self.token(main?[name]) ?? Self.token(map?[name])
            if let token { specialTokens[name] = token }
        }
        addsBegin = main?["add_bos_token"]?.bool
        addsEnd = main?["add_eos_token"]?.bool
        if let text = files["chat_template.jinja"] {
            chatTemplate = String(decoding: text, as: UTF8.self)
        } else {
            readTemplate(main?["chat_template"])
        }
        for name in ["generation_config.json", "config.json"] {
            let object = try Self.object(name, files)
            endIDs += Self.ids(object?["eos_token_id"])
            beginID = beginID ?? Self.ids(object?["bos_token_id"]).first
        }
    }

    private static func object(_ name: String, _ files: [String: [UInt8]]) throws -> JSONValue? {
        guard let bytes = files[name] else { return nil }
        return .object(try JSONParser.parseObject(bytes, file: name))
    }

    /// A token stands as text, or as an object with its `content`.
    private static func token(_ value: JSONValue?) -> String? {
        value?.string ?? value?["content"]?.string
    }

    private static func ids(_ value: JSONValue?) -> [Int32] {
        let values = value?.array ?? value.map { [$0] } ?? []
        return values.compactMap { $0.integer.flatMap { Int32(exactly: $0) } }.filter { $0 >= 0 }
    }

    /// A template is a text, or one of several with names, of which "default" is taken.
    private mutating func readTemplate(_ value: JSONValue?) {
        guard let value, !value.isNull else { return }
        chatTemplate = value.string
        if let named = value.array {
            chatTemplate = named.first { $0["name"]?.string == "default" }?["template"]?.string
        }
        if chatTemplate == nil {
            templateProblem = SpinError(
                .unsupported, "tokenizer_config.json has no chat template named 'default'")
        }
    }
}
