import SpinDomain
import Storage
import Testing

/// The laws of bucketed metrics, over data that are written, written again and taken back at random.
struct RollUpTests {
    private static let names = ["loss", "acc", "scaled_rewards_margin_mean", "resident_bytes"]
    /// Values lie in -1...1, so an error of a sum of n of them is below n² · 2⁻⁵³; for the most
    /// that a test has, 20 000, that is 4.4e-8 of a sum and 2.2e-12 of a mean.
    private static let meanTolerance = 3e-12

    /// A step with holes and infinities.
    private static func row(_ step: Int, _ random: inout SeededRandom) -> StepMetrics {
        func value() -> Double { Double.random(in: -1...1, using: &random) }
        var row = StepMetrics(
            step: step, iteration: step / 700, epoch: 0, loss: value(), sftLoss: value(),
            gradNorm: value(), learningRate: value(), consumedSamples: step, stepTime: value(),
            tokensPerSecond: value())
        if Int.random(in: 0..<50, using: &random) == 0 { row.loss = .infinity }
        if Int.random(in: 0..<4, using: &random) > 0 { row.accuracy = value() }
        row.rewardsMarginMean = value()
        row.klPenalty = 0.1
        // Long stretches without any value.
        if step / 1500 % 2 == 1 { row.residentBytes = step % 7 }
        return row
    }

    private static func rows(_ steps: Range<Int>, seed: UInt64) -> [StepMetrics] {
        var random = SeededRandom(seed: seed)
        return steps.map { row($0, &random) }
    }

    /// The buckets of rows by the plainest way there is.
    private static func naive(
        _ rows: [StepMetrics], _ name: String, _ steps: Range<Int>, exponent: Int
    ) -> [MetricBucket] {
        var buckets: [MetricBucket] = []
        for row in rows where steps.contains(row.step) {
            guard let value = row.value(name) else { continue }
            let one = MetricBucket(index: row.step >> exponent, step: row.step, value: value)
            if buckets.last?.index == one.index {
                buckets[buckets.count - 1].merge(one)
            } else {
                buckets.append(one)
            }
        }
        return buckets
    }

    /// Everything equal but the sum, whose order of addition differs.
    private static func isSame(_ left: [MetricBucket], _ right: [MetricBucket]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).allSatisfy { left, right in
            var summed = left
            summed.sum = right.sum
            guard summed == right else { return false }
            guard let mean = left.mean, let other = right.mean else {
                return !left.hasFinite && !right.hasFinite
            }
            return abs(mean - other) <= meanTolerance
        }
    }

    @Test(arguments: 1...3) func bucketsAreThoseOfTheRows(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let (place, job) = try placeWithJob()
        let store = place.store
        var rows: [Int: StepMetrics] = [:]
        var wasRolledUp = false
        func write(_ steps: Range<Int>) throws {
            let new = steps.map { Self.row($0, &random) }
            try store.append(steps: new, job: job)
            for row in new { rows[row.step] = row }
        }
        for _ in 0..<12 {
            let end = (rows.keys.max() ?? -1) + 1
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where end > 0:
                let step = Int.random(in: 0..<end, using: &random)
                var records = RandomRecords(seed: seed)
                try store.rewind(job: job, to: records.checkpoint(job: job, step: step))
                rows = rows.filter { $0.key < step }
            case 1 where end > 0:
                let first = Int.random(in: 0..<end, using: &random)
                try write(first..<first + Int.random(in: 1...1500, using: &random))
            case 2:
                // A gap.
                try write(end + 3000..<end + 3100)
            default: try write(end..<end + Int.random(in: 1...3000, using: &random))
            }
            try check(store, job, rows.values.sorted { $0.step < $1.step }, &random)
            let count = try store.values(sql: "SELECT count(*) FROM metric_rollup")
            wasRolledUp = wasRolledUp || count != ["0"]
        }
        #expect(wasRolledUp)
    }

    private func check(
        _ store: SQLiteStore, _ job: String, _ rows: [StepMetrics],
        _ random: inout SeededRandom
    ) throws {
        let end = (rows.last?.step ?? -1) + 1
        let exponents = [0, 3, 4, 6, 8, 11, 12, 13, 16, 20, 62].shuffled(using: &random)
        for exponent in exponents.prefix(4) {
            let first = Int.random(in: 0...end, using: &random)
            let ranges = [0..<end, first..<Int.random(in: first...end, using: &random)]
            for steps in ranges {
                let found = try store.buckets(
                    job: job, names: Self.names, steps: steps, exponent: exponent)
                for (name, buckets) in zip(Self.names, found) {
                    let expected = Self.naive(rows, name, steps, exponent: exponent)
                    #expect(Self.isSame(buckets, expected), "\(name) \(exponent) \(steps)")
                }
            }
        }
    }

    @Test func extremesAreInEveryAnswerAndCountsAddUp() throws {
        let (place, job) = try placeWithJob()
        let rows = Self.rows(0..<20_000, seed: 9)
        try place.store.append(steps: rows, job: job)
        let losses = rows.map(\.loss)
        let least = try #require(losses.min())
        let most = try #require(losses.filter(\.isFinite).max())
        for exponent in 0...20 {
            let buckets = try place.store.buckets(
                job: job, names: ["loss"], steps: 0..<20_000, exponent: exponent)[0]
            let low = try #require(buckets.min { $0.minimum < $1.minimum })
            #expect(low.minimum == least && losses[low.minimumStep] == least)
            let high = try #require(buckets.max { $0.maximum < $1.maximum })
            #expect(high.maximum == most && losses[high.maximumStep] == most)
            #expect(buckets.reduce(0) { $0 + $1.count } == rows.count)
            #expect(
                buckets.reduce(0) { $0 + $1.nonfinite } == losses.count { !$0.isFinite })
        }
    }

    @Test func newRowsLeaveOldBucketsAsTheyAre() throws {
        let (place, job) = try placeWithJob()
        let rows = Self.rows(0..<20_000, seed: 10)
        var written = 0
        var before: [Int: [MetricBucket]] = [:]
        for count in [900, 130, 1, 3000, 64, 12_289, 3616] {
            try place.store.append(steps: Array(rows[written..<written + count]), job: job)
            let old = written
            written += count
            for exponent in [2, 5, 9, 12] {
                let buckets = try place.store.buckets(
                    job: job, names: ["loss"], steps: 0..<written, exponent: exponent)[0]
                let whole = (before[exponent] ?? []).prefix { ($0.index + 1) << exponent <= old }
                #expect(Array(buckets.prefix(whole.count)) == Array(whole))
                before[exponent] = buckets
            }
        }
        #expect(written == rows.count)
    }

    @Test func bitsDoNotDependOnTheSizeOfTheWrites() throws {
        let rows = Self.rows(0..<18_000, seed: 11)
        let answers = try [18_000, 1000, 61].map { size in
            let (place, job) = try placeWithJob()
            for first in stride(from: 0, to: rows.count, by: size) {
                let batch = rows[first..<min(first + size, rows.count)]
                try place.store.append(steps: Array(batch), job: job)
            }
            return try [3, 4, 10, 14].map {
                try place.store.buckets(
                    job: job, names: Self.names, steps: 5..<17_998, exponent: $0)
            }
        }
        #expect(answers[0] == answers[1])
        #expect(answers[0] == answers[2])
    }

    @Test func rollUpsGoWithTheirJob() throws {
        let (place, job) = try placeWithJob()
        try place.store.append(steps: Self.rows(0..<1024, seed: 12), job: job)
        let count = "SELECT count(*) FROM metric_rollup"
        // loss, sft_loss, … : every name that has a value somewhere.
        #expect(try place.store.values(sql: count) != ["0"])
        try place.store.delete(job: job)
        #expect(try place.store.values(sql: count) == ["0"])
    }
}
