import DurableFiles
import GRDB
public import SpinDomain

extension SQLiteStore {
    public func append(steps: [StepMetrics], job id: String) throws {
        guard let first = steps.map(\.step).min(), let last = steps.map(\.step).max() else {
            return
        }
        try write { database in
            let end = try RollUp.end(database, job: id)
            try StepMetrics.write(steps, job: id, in: database)
            // Blocks that a new step completes begin before it.
            let changed = last < end ? first : min(first, end)
            try RollUp(database, job: id).update(changed..<last + 1)
            Failpoint.metricsInside.pass()
        }
        Failpoint.metricsStored.pass()
    }

    public func steps(
        job id: String, _ selection: StepSelection, limit: Int
    ) throws -> Page<StoredStep> {
        try read { database in
            _ = try sequence(ofJob: id, in: database)
            guard let bounds = try bounds(selection, job: id, in: database) else {
                return Page(elements: [], hasMore: false)
            }
            let order = selection.afterSequence == nil ? "step" : "sequence"
            return try Page.fetched(limit: limit) { limit in
                try StoredStep.fetch(
                    database,
                    """
                    WHERE job = ? AND step BETWEEN ? AND ? AND step % ? = 0 AND sequence > ?
                    ORDER BY \(order) LIMIT ?
                    """,
                    [
                        id, bounds.lowerBound, bounds.upperBound, max(1, selection.every),
                        selection.afterSequence ?? -1, limit,
                    ])
            }
        }
    }

    public func stepRange(job id: String, _ selection: StepSelection) throws -> Range<Int>? {
        try read { database in
            _ = try sequence(ofJob: id, in: database)
            guard let bounds = try bounds(selection, job: id, in: database) else { return nil }
            func edge(_ function: String) throws -> Int? {
                try Int.fetchOne(
                    database,
                    sql: """
                        SELECT \(function)(step) FROM step_metric
                        WHERE job = ? AND step BETWEEN ? AND ?
                        """, arguments: [id, bounds.lowerBound, bounds.upperBound])
            }
            guard let first = try edge("min"), let last = try edge("max") else { return nil }
            return first..<last + 1
        }
    }

    public func lastStep(job id: String) throws -> StoredStep? {
        try read { database in
            _ = try sequence(ofJob: id, in: database)
            return try StoredStep.fetch(
                database, "WHERE job = ? ORDER BY step DESC LIMIT 1", [id]
            ).first
        }
    }

    public func buckets(
        job id: String, names: [String], steps: Range<Int>, exponent: Int
    ) throws -> [[MetricBucket]] {
        try read { database in
            _ = try sequence(ofJob: id, in: database)
            return try RollUp(database, job: id).buckets(names, steps, exponent: exponent)
        }
    }

    /// The steps that a selection allows, both ends within; nil when there can be none.
    private func bounds(
        _ selection: StepSelection, job: String, in database: Database
    ) throws -> ClosedRange<Int>? {
        var first = (selection.afterStep ?? -1).addingReportingOverflow(1).partialValue
        var last = selection.beforeStep.map { $0 - 1 } ?? .max
        guard first >= 0 else { return nil }
        if let iterations = selection.iterations {
            func edge(_ condition: String, _ order: String, _ iteration: Int) throws -> Int? {
                try Int.fetchOne(
                    database,
                    sql: """
                        SELECT step FROM step_metric WHERE job = ? AND iteration \(condition) ?
                        ORDER BY iteration \(order), step \(order) LIMIT 1
                        """, arguments: [job, iteration])
            }
            guard let begin = try edge(">=", "ASC", iterations.lowerBound),
                let end = try edge("<=", "DESC", iterations.upperBound)
            else { return nil }
            first = max(first, begin)
            last = min(last, end)
        }
        return first <= last ? first...last : nil
    }
}
