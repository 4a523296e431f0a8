/// Text to token ids and back, exactly as the model was trained.
///
/// Everything works on the bytes of the text: no normalisation beyond what the tokenizer's own file
/// asks for, no grapheme clusters, so that control characters and combining marks survive.
public protocol Tokenizer: Sendable {
    /// One more than the highest id the tokenizer knows; a model's embedding may be larger.
    var vocabularySize: Int { get }
    /// The ids put before a text when special tokens are asked for: usually none or one.
    var prefixIDs: [Int32] { get }
    /// The ids put after a text when special tokens are asked for: usually none.
    var suffixIDs: [Int32] { get }

    /// The ids of a text; special tokens that are spelled out in it become their ids.
    ///
    /// - Parameter addSpecialTokens: whether `prefixIDs` and `suffixIDs` go around the ids.
    /// - Throws: `unsupported` when the tokenizer's own pattern runs out of its limits on the text.
    func encode(_ text: String, addSpecialTokens: Bool) throws -> [Int32]

    /// The text of the ids; ids that the tokenizer does not know give nothing, and bytes that are not
    /// UTF-8 give U+FFFD.
    func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String

    /// The id of a token as the vocabulary spells it (byte-level tokenizers write a space as "Ġ").
    func id(of token: String) -> Int32?
    func token(of id: Int32) -> String?
    /// The bytes that a token adds to a text it does not begin; nil for an unknown id.
    func bytes(of id: Int32) -> [UInt8]?
    /// Whether the id is a control token, which `decode` can leave out.
    func isSpecial(_ id: Int32) -> Bool
}
