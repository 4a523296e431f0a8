import ModelFiles
import TextData

extension GGUFVocabulary {
    /// The vocabulary that a GGUF file's metadata describes; `ModelFiles` and `TextData` do not
    /// know each other.
    init(_ fields: GGUFTokenizerFields) {
        self.init(
            model: fields.model, pre: fields.pre, tokens: fields.tokens,
            scores: fields.scores.isEmpty ? nil : fields.scores,
            types: fields.types.isEmpty ? nil : fields.types, merges: fields.merges,
            bos: fields.beginTokenID, eos: fields.endTokenID, unk: fields.unknownTokenID,
            pad: fields.padTokenID, addBOS: fields.addsBeginToken, addEOS: fields.addsEndToken,
            addSpacePrefix: fields.addsSpacePrefix, chatTemplate: fields.chatTemplate)
    }
}
