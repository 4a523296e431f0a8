import Foundation
import SpinDomain
import Storage
import Testing

/// How long a bucket query takes over many steps; not a test of a time, but a way to see it:
/// `SPIND_MEASURE_STEPS=1000000 swift test -c release --filter RollUpMeasurement`.
struct RollUpMeasurement {
    private static let steps = ProcessInfo.processInfo.environment["SPIND_MEASURE_STEPS"]
        .flatMap { Int($0) }

    @Test(.enabled(if: steps != nil, "SPIND_MEASURE_STEPS is not set"))
    func queriesOverManySteps() throws {
        let count = try #require(Self.steps)
        let place = try TemporaryStore()
        let folder = try OlderSchema.folder(
            scripts: 2, in: place, sql: [OlderSchema.job, OlderSchema.steps(count)])
        let clock = ContinuousClock()
        var store: SQLiteStore?
        let migration = try clock.measure { store = try SQLiteStore(dataFolder: folder) }
        print("\(count) steps: opened and rolled up in \(migration)")
        let opened = try #require(store)
        // Of the whole, and of the zooms that leave most to the rows and to the lowest level.
        let ranges = [
            0..<count, 1..<count - 1, count / 3..<count / 3 + min(count / 3, 32_700),
            count / 3..<count / 3 + min(count / 3, 524_000),
        ]
        for range in ranges {
            for buckets in [1, 500, 1024, 4096] {
                var exponent = 0
                while range.count >> exponent > buckets { exponent += 1 }
                let times = try (0..<21).map { _ in
                    try clock.measure {
                        _ = try opened.buckets(
                            job: "job_old", names: ["loss"], steps: range, exponent: exponent)
                    }
                }.sorted()
                print("\(range) in \(buckets): median \(times[10]), worst \(times[20])")
            }
        }
        try opened.close()
    }
}
