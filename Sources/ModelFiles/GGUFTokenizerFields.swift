/// The `tokenizer.*` metadata of a GGUF file, types checked, not interpreted.
///
/// Tokens may be canonically equivalent without being equal: compare them by their UTF-8.
public struct GGUFTokenizerFields: Sendable, Equatable {
    /// The kind: `gpt2` is byte-level BPE, `llama` SentencePiece-style.
    public let model: String
    /// The pre-tokeniser's name, such as `smollm`.
    public let pre: String?
    /// By id.
    public let tokens: [String]
    /// By id, or empty.
    public let scores: [Float]
    /// By id, or empty: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    public let types: [Int32]
    /// `left right`, most frequent first, or empty.
    public let merges: [String]
    public let beginTokenID: Int32?
    public let endTokenID: Int32?
    /// End of turn, where it is not the end of the text.
    public let endOfTurnTokenID: Int32?
    public let unknownTokenID: Int32?
    public let padTokenID: Int32?
    public let addsBeginToken: Bool?
    public let addsEndToken: Bool?
    public let addsSpacePrefix: Bool?
    /// Jinja text.
    public let chatTemplate: String?
}
