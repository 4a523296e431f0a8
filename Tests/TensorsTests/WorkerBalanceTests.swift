import Synchronization
import Tensors
import Testing

@Suite struct WorkerBalanceTests {
    /// What a worker of so many units a second makes of its range.
    private func seconds(_ ranges: [Range<Int>], _ speeds: [Double]) -> [Double] {
        zip(ranges, speeds).map { Double($0.count) / $1 }
    }

    @Test(arguments: [[1.0, 1.0], [1.0, 3.0], [2.0, 1.0, 4.0]])
    func sharesFollowTheSpeeds(speeds: [Double]) {
        var balance = WorkerBalance(width: speeds.count)
        for _ in 0..<30 {
            let ranges = balance.ranges(count: 3072, grain: 32)
            balance.learn(ranges, seconds: seconds(ranges, speeds))
        }
        let total = speeds.reduce(0, +)
        for (range, speed) in zip(balance.ranges(count: 3072, grain: 32), speeds) {
            #expect(abs(Double(range.count) - 3072 * speed / total) <= 32)
        }
    }

    @Test func aCoreThatChangesItsPaceIsFollowedWithinTenJobs() {
        var balance = WorkerBalance(width: 2)
        for speeds in [[1.0, 3.0], [3.0, 1.0]] {
            for _ in 0..<10 {
                let ranges = balance.ranges(count: 1000, grain: 1)
                balance.learn(ranges, seconds: seconds(ranges, speeds))
            }
            #expect(abs(balance.shares[0] - speeds[0] / 4) < 0.03)
        }
    }

    @Test(arguments: [1, 2, 3, 5])
    func rangesCoverEverythingOnceAtMultiplesOfTheGrain(width: Int) {
        var balance = WorkerBalance(width: width)
        let speeds = (0..<width).map { Double(1 + $0 * $0) }
        for count in [0, 1, 31, 32, 33, 100, 576, 4097] {
            let ranges = balance.ranges(count: count, grain: 32)
            #expect(ranges.flatMap { Array($0) } == Array(0..<count))
            #expect(ranges.allSatisfy { $0.isEmpty || $0.lowerBound % 32 == 0 })
            balance.learn(ranges, seconds: seconds(ranges, speeds))
        }
    }

    @Test func nobodyIsLeftWithoutWorkForGood() {
        var balance = WorkerBalance(width: 2)
        for _ in 0..<100 {
            let ranges = balance.ranges(count: 64, grain: 1)
            balance.learn(ranges, seconds: seconds(ranges, [1, 1e9]))
        }
        #expect(balance.ranges(count: 64, grain: 1).allSatisfy { !$0.isEmpty })
    }

    @Test func aJobThatNotAllWorkedOnTeachesNothing() {
        var balance = WorkerBalance(width: 2)
        balance.learn([0..<32, 32..<32], seconds: [1, 0])
        #expect(balance.shares == [0.5, 0.5])
    }

    @Test(arguments: [1, 2, 3, 7])
    func splittingBySpeedCoversEverythingOnce(width: Int) {
        let pool = WorkerPool(width: width)
        for count in [0, 1, 15, 16, 17, 1000] {
            for _ in 0..<5 {
                let seen = Mutex([Range<Int>]())
                pool.splitBySpeed(count, grain: 16) { _, range in
                    seen.withLock { $0.append(range) }
                }
                let ranges = seen.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
                #expect(ranges.flatMap { Array($0) } == Array(0..<count))
            }
        }
    }
}
