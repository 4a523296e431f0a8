/// What a generator says of the texts it writes, in order.
public enum TextEvent: Sendable, Equatable {
    /// Once, before anything else: the request is accepted, and this is the prompt in tokens.
    case began(prompt: [Int32])
    case piece(TextPiece)
    /// The last of a choice.
    case ended(choice: Int, TextEnding)
}

/// Why a text ends.
public enum TextEnding: String, Sendable {
    /// A stop token or a stop string.
    case stop
    /// As long as was asked for, or the time is up.
    case length
}

/// What has been added to a text: whole characters, and nothing that may become a stop string.
public struct TextPiece: Sendable, Equatable {
    /// From 0.
    public var choice: Int
    public var text: String
    /// The tokens since the last piece; their bytes need not be those of `text`.
    public var tokens: [TextToken]

    public init(choice: Int, text: String, tokens: [TextToken]) {
        self.choice = choice
        self.text = text
        self.tokens = tokens
    }
}

/// A token of a text; log-probabilities are natural and the plain model's, whatever the sampling.
public struct TextToken: Sendable, Equatable {
    public struct Candidate: Sendable, Equatable {
        public var id: Int32
        /// Its spelling, which need not be whole characters; nil without a tokenizer.
        public var bytes: [UInt8]?
        public var logProbability: Double

        public init(id: Int32, bytes: [UInt8]?, logProbability: Double) {
            self.id = id
            self.bytes = bytes
            self.logProbability = logProbability
        }
    }

    public var id: Int32
    public var bytes: [UInt8]?
    /// Nil where nobody asked, and for the first token of a sequence.
    public var logProbability: Double?
    /// The likeliest tokens in its place, the likeliest first.
    public var likeliest: [Candidate]
    /// How many Unicode scalars of the choice's text come before it.
    public var offset: Int

    public init(
        id: Int32, bytes: [UInt8]?, logProbability: Double? = nil, likeliest: [Candidate] = [],
        offset: Int
    ) {
        self.id = id
        self.bytes = bytes
        self.logProbability = logProbability
        self.likeliest = likeliest
        self.offset = offset
    }
}

/// How many tokens a request took.
public struct TextUsage: Sendable, Equatable {
    public var promptTokens: Int
    /// Of all choices, stop tokens included.
    public var completionTokens: Int

    public init(promptTokens: Int, completionTokens: Int) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
    }
}
