/// What a run tells the world, in order.
public enum RunEvent: Sendable {
    case started(totalSteps: Int, estimate: RunEstimate)
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
