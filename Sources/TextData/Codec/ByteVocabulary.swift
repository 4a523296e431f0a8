/// A vocabulary of the 256 bytes and a few special tokens, as the files of a Hugging Face folder.
public enum ByteVocabulary {
    /// A `tokenizer.json` in which a byte's id is its value, and special tokens follow from 256 on.
    public static func tokenizerJSON(specialTokens: [String]) -> String {
        let bytes = (0..<256).map { byte in
            JSONMember(String(ByteAlphabet.scalars[byte]), .integer(byte))
        }
        let special = specialTokens.enumerated().map { index, token in
            JSONValue.object([
                JSONMember("id", .integer(256 + index)), JSONMember("content", .string(token)),
                JSONMember("single_word", .boolean(false)), JSONMember("lstrip", .boolean(false)),
                JSONMember("rstrip", .boolean(false)), JSONMember("normalized", .boolean(false)),
                JSONMember("special", .boolean(true)),
            ])
        }
        let byteLevel = JSONValue.object([
            JSONMember("type", .string("ByteLevel")),
            JSONMember("add_prefix_space", .boolean(false)),
            JSONMember("trim_offsets", .boolean(true)), JSONMember("use_regex", .boolean(false)),
        ])
        let model: [JSONMember] = [
            JSONMember("type", .string("BPE")), JSONMember("dropout", .null),
            JSONMember("unk_token", .null), JSONMember("continuing_subword_prefix", .null),
            JSONMember("end_of_word_suffix", .null), JSONMember("fuse_unk", .boolean(false)),
            JSONMember("byte_fallback", .boolean(false)),
            JSONMember("ignore_merges", .boolean(false)), JSONMember("vocab", .object(bytes)),
            JSONMember("merges", .array([])),
        ]
        let file = JSONValue.object([
            JSONMember("version", .string("1.0")), JSONMember("truncation", .null),
            JSONMember("padding", .null), JSONMember("added_tokens", .array(special)),
            JSONMember("normalizer", .null), JSONMember("pre_tokenizer", byteLevel),
            JSONMember("post_processor", .null), JSONMember("decoder", byteLevel),
            JSONMember("model", .object(model)),
        ])
        return String(decoding: file.text(indent: 1), as: UTF8.self)
    }

    /// The `tokenizer_config.json` beside it.
    public static func configurationJSON(
        begin: String?, end: String?, padding: String? = nil, chatTemplate: String? = nil
    ) -> String {
        var members = [JSONMember("tokenizer_class", .string("PreTrainedTokenizerFast"))]
        members.append(JSONMember("clean_up_tokenization_spaces", .boolean(false)))
        let tokens = [
            ("bos_token", begin), ("eos_token", end), ("pad_token", padding),
            ("chat_template", chatTemplate),
        ]
        for (key, text) in tokens {
            if let text { members.append(JSONMember(key, .string(text))) }
        }
        return String(decoding: JSONValue.object(members).text(indent: 2), as: UTF8.self)
    }
}
