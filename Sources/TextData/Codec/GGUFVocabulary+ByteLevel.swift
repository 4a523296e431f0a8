import SpinDomain

extension GGUFVocabulary {
    /// How a "gpt2" vocabulary cuts a text, by the name in `tokenizer.ggml.pre`.
    private struct Splitting {
        var normalizer: JSONValue = .null
        var steps: [JSONValue] = []
        /// Whether GPT-2's own pattern follows the steps.
        var usesByteLevelPattern = false
        var ignoresMerges = false
        var addsBegin = false
    }

    private static let llama3Pattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"#
        + #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let qwen2Pattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"#
        + #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    /// What llama.cpp does with files that name no pre-tokenizer.
    private static let defaultPatterns = [
        #"[\p{P}\$\+<=>\^~\|]+"#,
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"#,
        #"\p{N}+"#, "[0-9][0-9][0-9]",
    ]

    /// `normalizer`, `pre_tokenizer`, `post_processor`, `decoder` and `model` of the file.
    func byteLevelParts() throws -> JSONObject {
        let splitting = try splitting()
        let byteLevel = Self.byteLevel(usesPattern: splitting.usesByteLevelPattern)
        let model: JSONObject = [
            "type": .string("BPE"), "dropout": .null,
            "unk_token": .null, "continuing_subword_prefix": .null,
            "end_of_word_suffix": .null, "fuse_unk": .bool(false),
            "byte_fallback": .bool(false),
            "ignore_merges": .bool(splitting.ignoresMerges),
            "vocab": vocabulary(),
            "merges": .array(merges.map { .string($0) }),
        ]
        return [
            "normalizer": splitting.normalizer,

            "pre_tokenizer":
                .object([
                    "type": .string("Sequence"),
                    "pretokenizers": .array(splitting.steps + [byteLevel]),
                ]),
            "post_processor": template(addsBegin: splitting.addsBegin),
            "decoder": Self.byteLevel(usesPattern: true),
            "model": .object(model),
        ]
    }

    private func splitting() throws -> Splitting {
        switch pre {
        case nil, "default":
            return Splitting(steps: Self.defaultPatterns.map(Self.split))
        case "gpt-2", "gpt2", "jina-v2-code":
            return Splitting(usesByteLevelPattern: true)
        case "smollm", "starcoder", "refact", "command-r":
            let digits = JSONValue.object([
                "type": .string("Digits"),
                "individual_digits": .bool(true),
            ])
            return Splitting(steps: [digits], usesByteLevelPattern: true)
        case "llama-bpe", "llama3", "llama-v3":
            return Splitting(
                steps: [Self.split(Self.llama3Pattern)], ignoresMerges: true, addsBegin: true)
        case "qwen2":
            // The model's own files normalise; the pattern alone would cut accents off.
            let normalizer = JSONValue.object(["type": .string("NFC")])
            return Splitting(normalizer: normalizer, steps: [Self.split(Self.qwen2Pattern)])
        case .some(let name):
            throw SpinError(
                .unsupported, "tokenizer.ggml.pre '\(name)' is not supported",
                hint: "gpt-2, smollm, llama-bpe, qwen2 and default are")
        }
    }

    private static func split(_ pattern: String) -> JSONValue {
        .object([
            "type": .string("Split"),
            "pattern": .object(["Regex": .string(pattern)]),
            "behavior": .string("Isolated"), "invert": .bool(false),
        ])
    }

    private static func byteLevel(usesPattern: Bool) -> JSONValue {
        .object([
            "type": .string("ByteLevel"),
            "add_prefix_space": .bool(false),
            "trim_offsets": .bool(true),
            "use_regex": .bool(usesPattern),
        ])
    }
}
