/// What a run tells the world, in order.
public enum RunEvent: Sendable {
    case started(totalSteps: Int, estimate: RunEstimate)
    /// Once, before anything is computed.
    case environment(RunEnvironment)
    case phase(JobProgress.Phase)
    case iterationStarted(iteration: Int, klPenalty: Double?, referenceCheckpoint: String?)
    /// For people; may come often.
    case rolloutProgressed(done: Int, total: Int, tokensPerSecond: Double)
    /// Whole waves: what is stored never has to be generated again.
    case samplesGenerated([RolloutSample])
    case stepFinished(StepMetrics)
    case validationFinished(ValidationRecord)
    case checkpointSaved(CheckpointRecord)
    case iterationFinished(IterationRecord)
    case warning(String)
}

/// What a run computes with; speeds of other runs compare only where this is the same.
public struct RunEnvironment: Sendable, Equatable {
    /// Kernels of large matrix products: an OpenBLAS core such as "SkylakeX", "portable", or
    /// "AMX" for matrix tiles.
    public var blasKernel: String
    public var threads: Int
    /// Operations a second of a large matrix product on all threads; nil when not measured.
    public var peakOperations: Double?

    public init(blasKernel: String, threads: Int, peakOperations: Double?) {
        self.blasKernel = blasKernel
        self.threads = threads
        self.peakOperations = peakOperations
    }

    public var json: JSONValue {
        [
            "blas_kernel": .string(blasKernel), "threads": .integer(threads),
            "sgemm_gflops": JSONValue(peakOperations.map { $0 / 1e9 }),
        ]
    }
}

/// How a run came to its end.
public enum RunOutcome: Sendable, Equatable {
    case finished
    /// `control` asked for it, or the time limit did; a checkpoint of this very moment is saved.
    case paused(reason: String)
    /// No further iteration is allowed yet.
    case waiting
    case cancelled
    /// The server is going down; a checkpoint of this very moment is saved.
    case interrupted
}
