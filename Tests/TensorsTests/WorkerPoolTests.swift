import Dispatch
import Synchronization
import Tensors
import Testing

@Suite struct WorkerPoolTests {
    @Test(arguments: [1, 2, 3, 8])
    func everyWorkerRunsOnce(width: Int) {
        let pool = WorkerPool(width: width)
        let calls = Mutex([Int](repeating: 0, count: width))
        pool.run { worker in
            calls.withLock { $0[worker] += 1 }
        }
        #expect(calls.withLock { $0 } == [Int](repeating: 1, count: width))
    }

    @Test(arguments: [1, 2, 3, 7])
    func splitCoversEverythingOnceInMultiplesOfTheGrain(width: Int) {
        let pool = WorkerPool(width: width)
        for count in [0, 1, 2, 15, 16, 17, 100, 1000] {
            for grain in [1, 3, 16] {
                let seen = Mutex([Range<Int>]())
                pool.split(count, grain: grain) { _, range in
                    seen.withLock { $0.append(range) }
                }
                let ranges = seen.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
                #expect(ranges.flatMap { Array($0) } == Array(0..<count))
                #expect(ranges.allSatisfy { $0.lowerBound % grain == 0 && !$0.isEmpty })
            }
        }
    }

    @Test func splitsDifferByAtMostOneGrain() {
        let shares = (0..<4).map {
            WorkerPool.range(of: $0, among: 4, count: 107, grain: 10).count
        }
        #expect(shares == [30, 30, 30, 17])
    }

    @Test(arguments: [2, 6])
    func manyTinyRunsAllHappen(width: Int) {
        let pool = WorkerPool(width: width)
        let counters = FloatBuffer(count: width * 16)
        let runs = 100_000
        for _ in 0..<runs {
            pool.run { worker in
                counters.pointer[worker * 16] += 1
            }
        }
        // Floats count exactly up to 2²⁴.
        #expect((0..<width).allSatisfy { counters.pointer[$0 * 16] == Float(runs) })
    }

    private final class Counts: Sendable {
        let running = Atomic<Int>(0)
        let collisions = Atomic<Int>(0)
        let runs = Atomic<Int>(0)
    }

    @Test func callersOnSeveralThreadsTakeTurns() {
        let pool = WorkerPool(width: 2)
        let counts = Counts()
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<500 {
                pool.run { worker in
                    guard worker == 0 else { return }
                    let now = counts.running.add(1, ordering: .relaxed).newValue
                    if now > 1 { counts.collisions.add(1, ordering: .relaxed) }
                    counts.runs.add(1, ordering: .relaxed)
                    counts.running.subtract(1, ordering: .relaxed)
                }
            }
        }
        #expect(counts.collisions.load(ordering: .relaxed) == 0)
        #expect(counts.runs.load(ordering: .relaxed) == 2000)
    }

    @Test func poolsComeAndGo() {
        for _ in 0..<200 {
            let total = Atomic<Int>(0)
            WorkerPool(width: 3).run { total.add($0, ordering: .relaxed) }
            #expect(total.load(ordering: .relaxed) == 3)
        }
    }

    @Test(arguments: [
        ("max 100000\n", nil), ("200000 100000\n", 2), ("150000 100000", 2), ("1000 100000", 1),
        ("", nil), ("-1 100000", nil), ("5", nil), ("9223372036854775807 1", Int.max),
    ])
    func quotaRoundsUp(text: String, cores: Int?) {
        #expect(WorkerPool.cores(inUnifiedQuota: text) == cores)
    }

    @Test(arguments: [
        ("Name:\tx\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n", 2),
        ("Cpus_allowed:\tff,000000ff\n", 16), ("Name:\tx\n", nil), ("Cpus_allowed:\t0\n", nil),
    ])
    func affinityMaskIsCounted(text: String, cores: Int?) {
        #expect(WorkerPool.cores(inStatus: text) == cores)
    }

    @Test func thisMachineHasCores() {
        #expect(WorkerPool.availableCores >= 1)
        #expect(Machine.current.threads == WorkerPool.availableCores)
        #expect(!Machine.current.blasKernel.isEmpty)
    }
}
