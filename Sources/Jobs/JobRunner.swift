import Dispatch
public import SpinDomain
import Synchronization

/// The queue of jobs and the one that runs.
///
/// Commands, the claim of the next job and the end of a run take the same lock, so a command sees
/// a job either before, in or after its run and never between. The run itself holds no lock: it is
/// steered by its `RunControl`.
public final class JobRunner: Sendable {
    /// Takes a line for the operator: level, message, metadata.
    public typealias Log = @Sendable (JobEvent.Level, String, [String: String]) -> Void

    struct State {
        var isStarted = false
        var isStopping = false
        var current: CurrentRun?
        /// Bytes that a job needs before it makes sense to let it go on; by id.
        var spaceNeeded: [String: Int] = [:]
        var isLookingForSpace = false
        var random: any RandomNumberGenerator & Sendable
    }

    let store: any JobStore
    let engine: any SelfPlayEngine
    let clock: any Clock
    let log: Log
    let folders: CheckpointFolders
    public let disk: DiskSpace
    /// How long to wait before the store or the disk is tried again.
    let retrySeconds: Double
    let state: Mutex<State>
    /// Runs the jobs, one after the other.
    let queue = DispatchQueue(label: "spind.jobs")
    /// Entered while a job runs.
    let running = DispatchGroup()

    /// - Parameters:
    ///   - dataFolder: checkpoints go to `checkpoints/<job>/` in it.
    ///   - disk: what may be written; nil for all that the disk of the data folder has, but for
    ///     the usual reserve.
    ///   - retrySeconds: how long to wait before the store or the disk is tried again.
    ///   - random: where the random part of job ids comes from.
    public init(
        store: any JobStore, engine: any SelfPlayEngine, dataFolder: String, clock: any Clock,
        disk: DiskSpace? = nil, retrySeconds: Double = 2,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        log: @escaping Log
    ) {
        self.store = store
        self.engine = engine
        self.clock = clock
        self.log = log
        self.disk = disk ?? DiskSpace(folder: dataFolder)
        self.retrySeconds = retrySeconds
        folders = CheckpointFolders(dataFolder: dataFolder)
        state = Mutex(State(random: random))
    }

    /// Puts right what a crash left behind, then runs queued jobs one after the other.
    /// - Throws: `inputOutput`, `diskFull`.
    public func start() throws {
        try recover()
        state.withLock { $0.isStarted = true }
        queue.async { self.resumeJobsWithSpace() }
    }

    /// Asks the running job to save and stop, and waits for it; it goes on at the next start.
    /// - Returns: whether it stopped within the deadline.
    @discardableResult
    public func shutdown(deadlineSeconds: Double) -> Bool {
        state.withLock { state in
            state.isStopping = true
            state.current?.control.ask(.interrupt)
        }
        return running.wait(timeout: .now() + deadlineSeconds) == .success
    }

    /// Looks for queued jobs, if no run is under way.
    func wake() {
        queue.async { self.runQueuedJobs() }
    }
}

/// The job that has the machine.
struct CurrentRun: Sendable {
    let job: Job
    let control: RunControl
    /// Whether the job was asked to go on after a pause that it has yet to reach.
    var isResumeAsked = false
}
