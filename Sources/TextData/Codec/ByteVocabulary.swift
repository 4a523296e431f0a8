import SpinDomain

/// A vocabulary of the 256 bytes and a few special tokens, as the files of a Hugging Face folder.
public enum ByteVocabulary {
    /// A `tokenizer.json` in which a byte's id is its value, and special tokens follow from 256 on.
    ///
    /// - Parameter begin: the special token that goes before every text; nil for none.
    public static func tokenizerJSON(specialTokens: [String], begin: String? = nil) -> String {
        let bytes = (0..<256).map { byte in
            (String(ByteAlphabet.scalars[byte]), JSONValue.integer(byte))
        }
        let special = specialTokens.enumerated().map { index, token in
            JSONValue.object([
                "id": .integer(256 + index), "content": .string(token),
                "single_word": .bool(false), "lstrip": .bool(false),
                "rstrip": .bool(false), "normalized": .bool(false),
                "special": .bool(true),
            ])
        }
        let byteLevel = JSONValue.object([
            "type": .string("ByteLevel"),
            "add_prefix_space": .bool(false),
            "trim_offsets": .bool(true), "use_regex": .bool(false),
        ])
        let model: JSONObject = [
            "type": .string("BPE"), "dropout": .null,
            "unk_token": .null, "continuing_subword_prefix": .null,
            "end_of_word_suffix": .null, "fuse_unk": .bool(false),
            "byte_fallback": .bool(false),
            "ignore_merges": .bool(false), "vocab": .object(JSONObject(bytes)),
            "merges": .array([]),
        ]
        let file = JSONValue.object([
            "version": .string("1.0"), "truncation": .null,
            "padding": .null, "added_tokens": .array(special),
            "normalizer": .null, "pre_tokenizer": byteLevel,
            "post_processor": postProcessor(begin, specialTokens), "decoder": byteLevel,
            "model": .object(model),
        ])
        return String(decoding: file.utf8(.indented(1)), as: UTF8.self)
    }

    private static func postProcessor(_ begin: String?, _ specialTokens: [String]) -> JSONValue {
        guard let begin, let index = specialTokens.firstIndex(of: begin) else { return .null }
        let token: JSONValue = ["SpecialToken": ["id": .string(begin), "type_id": 0]]
        func text(_ name: JSONValue) -> JSONValue { ["Sequence": ["id": name, "type_id": 0]] }
        return [
            "type": "TemplateProcessing", "single": [token, text("A")],
            "pair": [token, text("A"), token, text("B")],
            "special_tokens": .object([
                begin: [
                    "id": .string(begin), "ids": [.integer(256 + index)],
                    "tokens": [.string(begin)],
                ]
            ]),
        ]
    }

    /// The `tokenizer_config.json` beside it.
    public static func configurationJSON(
        begin: String?, end: String?, padding: String? = nil, chatTemplate: String? = nil
    ) -> String {
        var members: JSONObject = ["tokenizer_class": .string("PreTrainedTokenizerFast")]
        members["clean_up_tokenization_spaces"] = .bool(false)
        let tokens = [
            ("bos_token", begin), ("eos_token", end), ("pad_token", padding),
            ("chat_template", chatTemplate),
        ]
        for (key, text) in tokens {
            if let text { members[key] = .string(text) }
        }
        return String(decoding: JSONValue.object(members).utf8(.indented(2)), as: UTF8.self)
    }
}
