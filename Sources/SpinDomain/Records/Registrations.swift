/// A registered model: a Hugging Face folder, a GGUF file or a checkpoint.
public struct ModelRecord: Sendable, Equatable {
    public var name: String
    public var path: String
    public var summary: ModelSummary
    public var createdAt: Timestamp

    public init(name: String, path: String, summary: ModelSummary, createdAt: Timestamp) {
        self.name = name
        self.path = path
        self.summary = summary
        self.createdAt = createdAt
    }
}

/// What an inspection of a model's files says, without loading the weights.
public struct ModelSummary: Sendable, Equatable {
    /// The family, such as `llama` or `gpt2`.
    public var family: String
    /// `huggingface` or `gguf`.
    public var format: String
    public var parameters: Int
    public var vocabularySize: Int
    public var contextLength: Int
    public var layers: Int
    public var channels: Int
    public var bytes: Int
    public var hasTokenizer: Bool
    public var hasChatTemplate: Bool

    public init(
        family: String, format: String, parameters: Int, vocabularySize: Int,
        contextLength: Int, layers: Int, channels: Int, bytes: Int, hasTokenizer: Bool,
        hasChatTemplate: Bool
    ) {
        self.family = family
        self.format = format
        self.parameters = parameters
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.layers = layers
        self.channels = channels
        self.bytes = bytes
        self.hasTokenizer = hasTokenizer
        self.hasChatTemplate = hasChatTemplate
    }
}

/// A registered data set; the file lies in the data folder.
public struct DatasetRecord: Sendable, Equatable {
    public var name: String
    public var path: String
    public var summary: DatasetSummary
    public var createdAt: Timestamp

    public init(name: String, path: String, summary: DatasetSummary, createdAt: Timestamp) {
        self.name = name
        self.path = path
        self.summary = summary
        self.createdAt = createdAt
    }
}

/// What a line-by-line check of a JSONL file says.
public struct DatasetSummary: Sendable, Equatable {
    /// A line that cannot be used.
    public struct LineProblem: Sendable, Equatable {
        /// From 1.
        public var line: Int
        public var reason: String

        public init(line: Int, reason: String) {
            self.line = line
            self.reason = reason
        }
    }

    public var bytes: Int
    /// Usable rows.
    public var rows: Int
    /// Rows by form: `prompt_response`, `messages`, `alpaca`, `question_answer`, `conversations`,
    /// `real`, `token_ids`.
    public var forms: [String: Int]
    public var duplicates: Int
    public var emptyResponses: Int
    /// How many lines cannot be used; `problems` names the first of them.
    public var badLines: Int
    public var problems: [LineProblem]

    public init(
        bytes: Int, rows: Int, forms: [String: Int], duplicates: Int, emptyResponses: Int,
        badLines: Int, problems: [LineProblem]
    ) {
        self.bytes = bytes
        self.rows = rows
        self.forms = forms
        self.duplicates = duplicates
        self.emptyResponses = emptyResponses
        self.badLines = badLines
        self.problems = problems
    }
}

/// A line of a job's log.
public struct JobEvent: Sendable, Equatable {
    public enum Level: String, Sendable, CaseIterable {
        case info, warning, error
    }

    /// Order over all jobs; 0 until stored.
    public var sequence: Int
    public var jobID: String
    public var time: Timestamp
    /// What happened, such as `job.created` or `checkpoint.saved`.
    public var type: String
    public var level: Level
    public var message: String
    public var data: JSONValue

    public init(
        sequence: Int = 0, jobID: String, time: Timestamp, type: String, level: Level = .info,
        message: String, data: JSONValue = .null
    ) {
        self.sequence = sequence
        self.jobID = jobID
        self.time = time
        self.type = type
        self.level = level
        self.message = message
        self.data = data
    }
}
