import Foundation
import GRDB
import SpinDomain

/// A job's step metrics in buckets: from `metric_rollup` where a block of it is complete, from the
/// rows elsewhere.
///
/// Sums are always added in the same order, row by row to 2^4 steps, those to 2^8 and so on; so a
/// bucket has the same bits whether it was stored, is not yet, or was written again.
struct RollUp {
    /// Buckets of 2^4, 2^8 … steps are stored.
    static let exponents = [4, 8, 12, 16]
    /// Every metric but the step itself.
    static let names = StepMetrics.names.filter { $0 != "step" }

    let database: Database
    let job: String
    /// Behind the job's last step; blocks that end at or before it are stored.
    let end: Int

    init(_ database: Database, job: String) throws {
        self.database = database
        self.job = job
        end = try Self.end(database, job: job)
    }

    /// Behind the job's last step; 0 when it has none.
    static func end(_ database: Database, job: String) throws -> Int {
        let last = try Int.fetchOne(
            database.cachedStatement(sql: "SELECT max(step) FROM step_metric WHERE job = ?"),
            arguments: [job])
        return last.map { $0 + 1 } ?? 0
    }

    /// Steps that one stored row covers.
    private static func span(_ level: Int) -> Int { RollUpBlock.bucketCount << exponents[level] }

    // Reading

    /// The buckets of 2^exponent steps, for each name; only steps of the range count.
    func buckets(
        _ names: [String], _ steps: Range<Int>, exponent: Int
    ) throws -> [[MetricBucket]] {
        guard let level = Self.exponents.lastIndex(where: { $0 <= exponent }) else {
            return try fromRows(names, steps, exponent: exponent)
        }
        let shift = exponent - Self.exponents[level]
        return try buckets(names, steps, level: level).map { $0.folded(by: shift) }
    }

    private func buckets(
        _ names: [String], _ steps: Range<Int>, level: Int
    ) throws -> [[MetricBucket]] {
        let span = Self.span(level)
        let first = (steps.lowerBound + span - 1) / span
        let last = min(steps.upperBound, end) / span
        guard first < last else { return try finer(names, steps, level: level) }
        var all = try finer(names, steps.lowerBound..<first * span, level: level)
        let after = try finer(names, last * span..<steps.upperBound, level: level)
        for (index, name) in names.enumerated() {
            try read(name, level: level, blocks: first..<last, into: &all[index])
            all[index] += after[index]
        }
        return all
    }

    /// The level's buckets, put together from those of the level below.
    private func finer(
        _ names: [String], _ steps: Range<Int>, level: Int
    ) throws -> [[MetricBucket]] {
        guard !steps.isEmpty else { return names.map { _ in [] } }
        guard level > 0 else {
            return try fromRows(names, steps, exponent: Self.exponents[0])
        }
        let shift = Self.exponents[level] - Self.exponents[level - 1]
        return try buckets(names, steps, level: level - 1).map { $0.folded(by: shift) }
    }

    private func read(
        _ name: String, level: Int, blocks: Range<Int>, into buckets: inout [MetricBucket]
    ) throws {
        let statement = try database.cachedStatement(
            sql: """
                SELECT block, buckets FROM metric_rollup
                WHERE job = ? AND name = ? AND exponent = ? AND block >= ? AND block < ?
                ORDER BY block
                """)
        let exponent = Self.exponents[level]
        let rows = try Row.fetchCursor(
            statement, arguments: [job, name, exponent, blocks.lowerBound, blocks.upperBound])
        while let row = try rows.next() {
            try RollUpBlock.decode(row[1], block: row[0], exponent: exponent, into: &buckets)
        }
    }

    /// - Parameter exponent: at most the smallest that is stored.
    private func fromRows(
        _ names: [String], _ steps: Range<Int>, exponent: Int
    ) throws -> [[MetricBucket]] {
        let columns = (["step"] + names).map(StepMetrics.expression).joined(separator: ", ")
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(columns) FROM step_metric
                WHERE job = ? AND step >= ? AND step < ? ORDER BY step
                """)
        let rows = try Row.fetchCursor(
            statement, arguments: [job, steps.lowerBound, steps.upperBound])
        var buckets = names.map { _ -> [MetricBucket] in [] }
        while let row = try rows.next() {
            let step: Int = row[0]
            let index = step >> exponent
            for name in names.indices {
                guard let value: Double = row[name + 1] else { continue }
                let bucket = MetricBucket(index: index, step: step, value: value)
                if let last = buckets[name].indices.last, buckets[name][last].index == index {
                    buckets[name][last].merge(bucket)
                } else {
                    buckets[name].append(bucket)
                }
            }
        }
        return buckets
    }
}

// Writing
extension RollUp {
    /// Writes the blocks of changed steps that are complete.
    ///
    /// - Parameter steps: every step whose row was written or removed, and every new one.
    func update(_ steps: Range<Int>) throws {
        for level in Self.exponents.indices {
            let span = Self.span(level)
            let first = steps.lowerBound / span
            let last = min((steps.upperBound + span - 1) / span, end / span)
            guard first < last else { continue }
            try remove(level: level, from: first, before: last)
            // From row to row, so that a gap in the steps costs nothing.
            var next = try firstStep(from: first * span)
            while let block = next.map({ $0 / span }), block < last {
                try write(level: level, block: block)
                next = try firstStep(from: (block + 1) * span)
            }
        }
    }

    /// Removes the blocks that hold steps from this one on.
    func remove(from step: Int) throws {
        for level in Self.exponents.indices {
            try remove(level: level, from: step / Self.span(level), before: .max)
        }
    }

    /// Everything of every job, for a table that has just been made.
    static func fill(_ database: Database) throws {
        for job in try String.fetchAll(database, sql: "SELECT id FROM job") {
            let rollUp = try RollUp(database, job: job)
            try rollUp.update(0..<rollUp.end)
        }
    }

    private func firstStep(from step: Int) throws -> Int? {
        try Int.fetchOne(
            database.cachedStatement(
                sql: "SELECT min(step) FROM step_metric WHERE job = ? AND step >= ?"),
            arguments: [job, step])
    }

    private func write(level: Int, block: Int) throws {
        let span = Self.span(level)
        let steps = block * span..<(block + 1) * span
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO metric_rollup (job, name, exponent, block, buckets)
                VALUES (?, ?, ?, ?, ?)
                """)
        let exponent = Self.exponents[level]
        for (name, buckets) in zip(Self.names, try finer(Self.names, steps, level: level))
        where !buckets.isEmpty {
            let data = RollUpBlock.encode(buckets, exponent: exponent)
            try statement.execute(arguments: [job, name, exponent, block, data])
        }
    }

    private func remove(level: Int, from first: Int, before last: Int) throws {
        let statement = try database.cachedStatement(
            sql: """
                DELETE FROM metric_rollup
                WHERE job = ? AND name = ? AND exponent = ? AND block >= ? AND block < ?
                """)
        for name in Self.names {
            try statement.execute(arguments: [job, name, Self.exponents[level], first, last])
        }
    }
}
