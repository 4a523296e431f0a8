import Glibc
import Synchronization

/// A fixed team of threads; the calling thread is worker 0.
///
/// Splits are deterministic: the ranges depend on count, grain and width only, except for those of
/// `splitBySpeed`. Calls from several
/// threads are run one after the other; a body must not call the pool that runs it.
public final class WorkerPool: Sendable {
    /// Number of workers, the calling thread included.
    public let width: Int

    private let team: WorkerTeam
    private let threads: [pthread_t]
    private let callers = Mutex<Void>(())
    /// The thread inside `run`, to tell a nested call from a concurrent one.
    private let owner = Atomic<UInt>(0)
    /// For `splitBySpeed`.
    let balance: Mutex<WorkerBalance>

    /// - Parameter width: at least 1; more than `availableCores` works, with slower hand-overs.
    public init(width: Int) {
        precondition(width >= 1, "WorkerPool: width \(width)")
        let team = WorkerTeam(workers: width - 1, spins: width <= Self.availableCores)
        self.width = width
        self.team = team
        balance = Mutex(WorkerBalance(width: width))
        threads = (1..<max(width, 1)).map { Self.start(team, as: $0) }
    }

    deinit {
        team.stop()
        for thread in threads {
            pthread_join(thread, nil)
        }
    }

    /// Runs `body` once on every worker and returns when all are done.
    public func run(_ body: (_ worker: Int) -> Void) {
        let caller = UInt(pthread_self())
        precondition(
            owner.load(ordering: .relaxed) != caller, "WorkerPool.run: called by its own worker 0")
        callers.withLock { _ in
            owner.store(caller, ordering: .relaxed)
            if width == 1 {
                body(0)
            } else {
                withoutActuallyEscaping(body) { team.run($0) }
            }
            owner.store(0, ordering: .relaxed)
        }
    }

    /// Runs `body` on contiguous ranges that cover 0 ..< count, at most one for each worker.
    ///
    /// Ranges start at multiples of `grain`; a worker without a range is not called, and one range
    /// alone is run on the calling thread without waking anyone.
    public func split(
        _ count: Int, grain: Int = 1, _ body: (_ worker: Int, _ range: Range<Int>) -> Void
    ) {
        precondition(count >= 0 && grain >= 1, "WorkerPool.split: \(count) by \(grain)")
        if count <= grain || width == 1 {
            if count > 0 { body(0, 0..<count) }
            return
        }
        run { worker in
            let range = Self.range(of: worker, among: width, count: count, grain: grain)
            if !range.isEmpty { body(worker, range) }
        }
    }

    /// The share of one worker; the first workers take what does not divide evenly.
    package static func range(of worker: Int, among width: Int, count: Int, grain: Int) -> Range<
        Int
    > {
        let (whole, rest) = count.quotientAndRemainder(dividingBy: grain)
        let (each, extra) = (whole + (rest > 0 ? 1 : 0)).quotientAndRemainder(dividingBy: width)
        let first = worker * each + min(worker, extra)
        let last = first + each + (worker < extra ? 1 : 0)
        return min(first * grain, count)..<min(last * grain, count)
    }

    private static func start(_ team: WorkerTeam, as index: Int) -> pthread_t {
        final class Start {
            let team: WorkerTeam
            let index: Int
            init(_ team: WorkerTeam, _ index: Int) {
                self.team = team
                self.index = index
            }
        }
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(team, index))
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                start.team.serve(as: start.index)
                return nil
            }, start.toOpaque())
        precondition(status == 0, "WorkerPool: the system refuses thread \(index): error \(status)")
        return thread
    }
}
