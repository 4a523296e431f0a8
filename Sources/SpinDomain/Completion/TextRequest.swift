/// A text that a model is to write.
public struct TextRequest: Sendable, Equatable {
    public enum Prompt: Sendable, Equatable {
        /// Written on as it is.
        case text(String)
        case tokens([Int32])
        /// A conversation whose next turn is the model's.
        case messages([Message])
    }

    public struct Message: Sendable, Equatable {
        public var role: String
        public var content: String

        public init(role: String, content: String) {
            self.role = role
            self.content = content
        }
    }

    /// How many new tokens there may be, the stop token included.
    public enum Length: Sendable, Equatable {
        /// So many, or none at all where the model's context has not the room.
        case exactly(Int)
        /// So many, or fewer where the context ends before.
        case atMost(Int)
    }

    /// A Hugging Face folder or a GGUF file.
    public var modelPath: String
    public var prompt: Prompt
    public var length: Length
    /// `endStrings` end the text and are no part of it.
    public var sampling: SamplingOptions
    public var seed: UInt64
    /// How many texts there are to be.
    public var choices: Int
    /// Log-probabilities with so many of the likeliest tokens beside each; nil for none.
    public var logProbabilities: Int?
    /// Whether the text begins with the prompt.
    public var echoes: Bool
    /// When it takes longer, the text ends as if it were long enough.
    public var timeLimitSeconds: Double

    public init(
        modelPath: String, prompt: Prompt, length: Length = .atMost(16),
        sampling: SamplingOptions = SamplingOptions(), seed: UInt64 = 0, choices: Int = 1,
        logProbabilities: Int? = nil, echoes: Bool = false, timeLimitSeconds: Double = 600
    ) {
        self.modelPath = modelPath
        self.prompt = prompt
        self.length = length
        self.sampling = sampling
        self.seed = seed
        self.choices = choices
        self.logProbabilities = logProbabilities
        self.echoes = echoes
        self.timeLimitSeconds = timeLimitSeconds
    }
}
