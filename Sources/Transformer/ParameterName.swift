/// A parameter's name inside the program; `ModelFiles` maps it to each file format's own.
public enum ParameterName: Sendable, Hashable {
    /// `[vocab, channels]`
    case tokenEmbedding
    /// `[contextLength, channels]`
    case positionEmbedding
    case layer(Int, Part)
    /// `[channels]`
    case finalNormWeight
    case finalNormBias
    /// `[vocab, channels]`, absent when tied.
    case head

    /// The parameters of one layer; linear weights are `[out, in]`.
    public enum Part: Sendable, Hashable, CaseIterable {
        case attentionNormWeight, attentionNormBias
        case queryWeight, keyWeight, valueWeight
        case queryBias, keyBias, valueBias
        /// `[headSize]`
        case queryNormWeight, keyNormWeight
        case attentionOutputWeight, attentionOutputBias
        case feedForwardNormWeight, feedForwardNormBias
        case gateWeight, upWeight, downWeight
        case gateBias, upBias, downBias
    }
}
