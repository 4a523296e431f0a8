/// A checkpoint folder that is complete and on disk.
public struct CheckpointRecord: Sendable, Equatable {
    /// A file of the folder.
    public struct File: Sendable, Equatable {
        public var name: String
        public var bytes: Int
        /// Lower-case hexadecimal.
        public var sha256: String

        public init(name: String, bytes: Int, sha256: String) {
            self.name = name
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    /// `ckpt_` + the job's random part + `_` + the step.
    public var id: String
    public var jobID: String
    /// Steps done.
    public var step: Int
    /// The iteration that goes on from here.
    public var iteration: Int
    /// Whether it stands between two iterations, so that its weights are the next reference policy.
    public var isIterationEnd: Bool
    public var path: String
    public var files: [File]
    public var validationLoss: Double?
    public var createdAt: Timestamp
    /// Whether nothing may delete it but a person who unpins it first.
    public var isPinned: Bool
    /// For people.
    public var note: String?

    public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

    public init(
        id: String, jobID: String, step: Int, iteration: Int, isIterationEnd: Bool, path: String,
        files: [File], validationLoss: Double? = nil, createdAt: Timestamp,
        isPinned: Bool = false, note: String? = nil
    ) {
        self.id = id
        self.jobID = jobID
        self.step = step
        self.iteration = iteration
        self.isIterationEnd = isIterationEnd
        self.path = path
        self.files = files
        self.validationLoss = validationLoss
        self.createdAt = createdAt
        self.isPinned = isPinned
        self.note = note
    }
}
