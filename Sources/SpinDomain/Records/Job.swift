/// A job as the store keeps it.
public struct Job: Sendable, Equatable {
    /// `job_` and 16 base-32 characters.
    public var id: String
    public var status: JobStatus
    public var configuration: JobConfiguration
    /// Where the model and the data lay at submission; the run reads these, whatever is registered later.
    public var sources: RunSources
    public var progress: JobProgress
    /// Iterations a manual job may have played in all; `max_iterations` for an automatic one.
    public var allowedIterations: Int
    /// Steps it may have done in all, where that is more than its iterations allow.
    public var allowedSteps: Int
    /// The checkpoint that is its model; nil for another model.
    public var parentCheckpoint: String?
    /// The job whose configuration it was made from.
    public var clonedFrom: String?
    /// Why it failed or paused, in words for a person.
    public var statusDetail: String?
    /// Nil unless the job is paused and goes on by itself.
    public var pauseReason: PauseReason?
    /// What a running job was asked to do between two steps; holds even if the process ends
    /// before it comes there.
    public var askedFor: StopRequest?
    /// Microseconds since 1970, UTC.
    public var createdAt: Timestamp
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?
    /// Grows by one with every change of configuration, allowance or status, but not with progress:
    /// what a client makes its own changes conditional on.
    public var version: Int

    public init(
        id: String, status: JobStatus, configuration: JobConfiguration, sources: RunSources,
        progress: JobProgress = JobProgress(), allowedIterations: Int,
        allowedSteps: Int = 0, parentCheckpoint: String? = nil, clonedFrom: String? = nil,
        statusDetail: String? = nil, pauseReason: PauseReason? = nil,
        askedFor: StopRequest? = nil, createdAt: Timestamp, startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil, version: Int = 1
    ) {
        self.id = id
        self.status = status
        self.configuration = configuration
        self.sources = sources
        self.progress = progress
        self.allowedIterations = allowedIterations
        self.allowedSteps = allowedSteps
        self.parentCheckpoint = parentCheckpoint
        self.clonedFrom = clonedFrom
        self.statusDetail = statusDetail
        self.pauseReason = pauseReason
        self.askedFor = askedFor
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.version = version
    }
}

/// Why a paused job goes on by itself, and when.
public enum PauseReason: String, Sendable, CaseIterable {
    /// When there is space on the disk again.
    case diskFull = "disk_full"
}

/// What a person can ask of a running job.
public enum StopRequest: String, Sendable, CaseIterable {
    case pause, cancel
}

/// Absolute paths of what a run reads.
public struct RunSources: Sendable, Equatable {
    public var modelPath: String
    public var datasetPath: String
    public var validationPath: String?

    public init(modelPath: String, datasetPath: String, validationPath: String? = nil) {
        self.modelPath = modelPath
        self.datasetPath = datasetPath
        self.validationPath = validationPath
    }
}

/// How far a job is; steps and iterations count from 0, so these are how many are done.
public struct JobProgress: Sendable, Equatable {
    public enum Phase: String, Sendable, CaseIterable {
        case loading, rollout, train, validate, save
    }

    public var phase: Phase?
    public var iteration = 0
    public var step = 0
    /// Nil until the data set has been read.
    public var totalSteps: Int?
    public var rolloutDone = 0
    public var rolloutTotal = 0
    public var tokensPerSecond: Double?
    public var secondsRemaining: Double?

    public init() {}
}
