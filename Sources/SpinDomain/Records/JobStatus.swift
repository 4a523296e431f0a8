/// Where a job is in its life, and which changes are legal.
public enum JobStatus: String, Sendable, CaseIterable {
    /// Ready to run, for the first time or again.
    case queued
    case running
    /// Stopped by a person or by its time limit; goes on with `resume`. Stopped by a full disk it
    /// goes on by itself (`PauseReason`).
    case paused
    /// A manual job between iterations; goes on with `step`.
    case waiting
    case succeeded
    case failed
    case cancelled

    /// Whether nothing more happens by itself; a person can still let the job go on.
    public var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }

    /// Every edge of the state machine.
    public func canBecome(_ next: JobStatus) -> Bool {
        switch self {
        case .queued: [.running, .paused, .waiting, .cancelled, .failed].contains(next)
        // Back to queued: the server stops, and the job goes on when it starts again.
        case .running: next != .running
        case .paused: [.queued, .waiting, .cancelled].contains(next)
        case .waiting: [.queued, .paused, .cancelled].contains(next)
        // A retry goes on from the last checkpoint, and so does a game that gets more iterations.
        case .succeeded, .failed, .cancelled: [.queued, .waiting].contains(next)
        }
    }
}
