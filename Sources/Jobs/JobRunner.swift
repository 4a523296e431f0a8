public import SpinDomain

/// The queue of jobs and the one that runs.
public final class JobRunner: Sendable {
    /// Takes a line for the operator: level, message, metadata.
    public typealias Log = @Sendable (JobEvent.Level, String, [String: String]) -> Void

    /// - Parameters:
    ///   - dataFolder: checkpoints go to `checkpoints/<job>/` in it.
    ///   - random: where the random part of job ids comes from.
    public init(
        store: any JobStore, engine: any SelfPlayEngine, dataFolder: String, clock: any Clock,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        log: @escaping Log
    ) {
    }

    /// Puts right what a crash left behind, then runs queued jobs one after the other.
    public func start() throws {
        throw Self.missing
    }

    /// Checks a configuration against the registered files and the machine, and stores nothing.
    /// - Throws: `invalid` with every problem at once.
    public func validate(configuration: JobConfiguration) throws -> RunEstimate {
        throw Self.missing
    }

    /// Stores a job: `queued`, or `waiting` in manual mode.
    /// - Throws: `invalid` with every problem at once; `conflict` when the key came with another body.
    public func submit(
        configuration: JobConfiguration, idempotency: IdempotencyKey?
    ) throws -> (job: Job, isNew: Bool) {
        throw Self.missing
    }

    /// Allows a manual job `iterations` more iterations.
    /// - Throws: `conflict` when all are played, or the status forbids it.
    public func step(job id: String, iterations: Int) throws -> Job {
        throw Self.missing
    }

    /// Stops a job at its next step boundary.
    public func pause(job id: String) throws -> Job {
        throw Self.missing
    }

    /// Lets a paused job go on.
    public func resume(job id: String) throws -> Job {
        throw Self.missing
    }

    /// Ends a job for good at its next step boundary.
    public func cancel(job id: String) throws -> Job {
        throw Self.missing
    }

    /// Removes a job that is not running, with its rows and checkpoints.
    public func delete(job id: String) throws {
        throw Self.missing
    }

    /// Removes a checkpoint that no unfinished job needs.
    public func deleteCheckpoint(_ id: String) throws {
        throw Self.missing
    }

    /// Asks the running job to save and stop, and waits for it; it goes on at the next start.
    /// - Returns: whether it stopped within the deadline.
    @discardableResult
    public func shutdown(deadlineSeconds: Double) -> Bool {
        true
    }

    private static let missing = SpinError(.internal, "the runner is not written yet")
}
