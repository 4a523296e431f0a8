import Synchronization

/// What the threads of a `WorkerPool` share: the job, and counters that say how far it is.
// Sendable: `job` is written by the caller before it raises `generation`, and read by workers that
// saw it rise; it is cleared after `remaining` fell to zero. Everything else is atomic or constant.
final class WorkerTeam: @unchecked Sendable {
    typealias Job = (_ worker: Int) -> Void

    /// Threads besides the caller's.
    private let workers: Int
    /// Raised once for every job.
    private let generation = Atomic<UInt32>(0)
    /// Workers that have not finished the current job.
    private let remaining = Atomic<Int>(0)
    private var job: Job?
    private let work: WaitingPlace
    private let done: WaitingPlace

    init(workers: Int, spins: Bool) {
        self.workers = workers
        work = WaitingPlace(spins: spins)
        done = WaitingPlace(spins: spins)
    }

    /// Runs `job` on all workers and, as worker 0, on the calling thread; one caller at a time.
    func run(_ job: @escaping Job) {
        publish(job)
        job(0)
        done.wait { remaining.load(ordering: .sequentiallyConsistent) == 0 }
        self.job = nil
    }

    /// Lets the threads end; no `run` after it.
    func stop() {
        publish(nil)
    }

    /// The life of worker `index`, from 1.
    func serve(as index: Int) {
        var seen: UInt32 = 0
        repeat {
            work.wait { generation.load(ordering: .sequentiallyConsistent) != seen }
            seen &+= 1
        } while perform(index)
    }

    private func publish(_ job: Job?) {
        self.job = job
        remaining.store(workers, ordering: .sequentiallyConsistent)
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        work.notify()
    }

    /// - Returns: false when there is no job, which means the end.
    private func perform(_ index: Int) -> Bool {
        guard callJob(index) else { return false }
        if remaining.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 {
            done.notify()
        }
        return true
    }

    // Not inlined, so that this worker's reference to the closure is gone before it reports to be
    // done.
    @inline(never)
    private func callJob(_ index: Int) -> Bool {
        guard let job else { return false }
        job(index)
        return true
    }
}
