package import SpinDomain
package import TextData
package import Transformer

/// Texts that end a response, as one response looks for them.
package struct EndStrings: Sendable {
    private var matcher: EndStringMatcher
    private let tokenizer: any Tokenizer

    /// Nil when there is no text to look for.
    package init?(_ texts: [String], _ tokenizer: (any Tokenizer)?) {
        guard !texts.isEmpty, let tokenizer else { return nil }
        matcher = EndStringMatcher(texts)
        self.tokenizer = tokenizer
    }

    /// Adds a token; true when the response now ends with one of the texts.
    package mutating func append(_ token: Int32) -> Bool {
        matcher.append(token, tokenizer)
    }
}

/// When a response ends, and which of its tokens are scored.
package struct RolloutRules: Sendable {
    package let stopTokens: Set<Int32>
    /// Texts that end a response, and the tokenizer that spells its tokens; nil without either.
    package let endStrings: EndStrings?
    package let maskMode: SpinOptions.MaskMode

    package init(
        stopTokens: Set<Int32>, endStrings: EndStrings?, maskMode: SpinOptions.MaskMode
    ) {
        self.stopTokens = stopTokens
        self.endStrings = endStrings
        self.maskMode = maskMode
    }

    /// Targets of a response that follows its prompt without a gap, the prompt beginning at a row.
    ///
    /// NeMo-Aligner's window is the last prompt token, if anything predicts it, up to the
    /// second-to-last response token.
    package func window(
        of response: [Int32], after prompt: [Int32], firstRow: Int
    ) -> [ScoredTarget] {
        let lastPromptRow = firstRow + prompt.count - 1
        var targets: [ScoredTarget] = []
        if scoresPromptEnd(of: prompt) {
            targets.append(ScoredTarget(row: lastPromptRow - 1, token: prompt[prompt.count - 1]))
        }
        let scored = maskMode == .exact ? response[...] : response.dropLast()
        for (index, token) in scored.enumerated() {
            targets.append(ScoredTarget(row: lastPromptRow + index, token: token))
        }
        return targets
    }

    package func scoresPromptEnd(of prompt: [Int32]) -> Bool {
        maskMode == .nemo && prompt.count > 1
    }
}
