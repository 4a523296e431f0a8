import GRDB
public import SpinDomain

extension SQLiteStore {
    public func queue(limit: Int, after: String?) throws -> Page<QueuedJob> {
        try read { database in
            let last = try after.map { try place(ofJob: $0, in: database) }
            let page = try Page<Job>.fetched(limit: limit) { limit in
                try queued(
                    "LIMIT ?3", [last?.priority, last?.place, limit],
                    where: "?1 IS NULL OR (-priority, place) > (-?1, ?2)", in: database)
            }
            let first = try page.elements.first.map { try position(ofJob: $0.id, in: database) }
            return Page(
                elements: page.elements.enumerated().map { index, job in
                    QueuedJob(job: job, position: (first ?? 1) + index)
                }, hasMore: page.hasMore)
        }
    }

    public func queuePosition(job id: String) throws -> Int? {
        try read { database in
            let isQueued = try job(id, in: database).status == .queued
            return isQueued ? try position(ofJob: id, in: database) : nil
        }
    }

    public func update(
        job id: String, version: Int?, queuePosition: Int?, idempotency: IdempotencyKey?,
        _ change: @Sendable (inout Job) throws -> Void
    ) throws -> Job {
        try write { database in
            if let idempotency { try idempotency.insert(job: id, into: database) }
            let old = try job(id, in: database)
            guard version == nil || version == old.version else {
                throw SpinError(
                    .conflict, "the job '\(id)' has changed: it is at version \(old.version)",
                    hint: "read it again, and repeat the change")
            }
            var asked = old
            try change(&asked)
            var new = old.taking(asked)
            if let queuePosition { try move(&new, to: queuePosition, in: database) }
            return new == old ? old : try save(new, in: database)
        }
    }
}

extension Job {
    /// The job with what may be changed of `other`.
    fileprivate func taking(_ other: Job) -> Job {
        var job = self
        job.configuration.name = other.configuration.name
        job.configuration.labels = other.configuration.labels
        job.configuration.priority = other.configuration.priority
        if configuration.spin.maxIterations != other.configuration.spin.maxIterations {
            job.configuration.spin.maxIterations = other.configuration.spin.maxIterations
            // The next run counts them anew.
            job.progress.totalSteps = nil
        }
        job.configuration.spin.refPolicyKLPenalty = other.configuration.spin.refPolicyKLPenalty
        job.configuration.optim.learningRate = other.configuration.optim.learningRate
        job.allowedIterations = other.allowedIterations
        job.allowedSteps = other.allowedSteps
        job.statusDetail = other.statusDetail
        job.pauseReason = other.pauseReason
        job.askedFor = other.askedFor
        return job
    }
}

extension SQLiteStore {
    private struct Place {
        var id: String
        var priority: Int
        var place: Int
    }

    /// Queued jobs in the order in which they will run.
    func queued(
        _ clause: String, _ arguments: StatementArguments, where condition: String = "TRUE",
        in database: Database
    ) throws -> [Job] {
        try Job.fetch(
            database,
            "WHERE status = 'queued' AND (\(condition)) ORDER BY priority DESC, place \(clause)",
            arguments
        ).map { $0.mappingPaths(paths.absolute) }
    }

    private func place(ofJob id: String, in database: Database) throws -> Place {
        let row = try Row.fetchOne(
            database, sql: "SELECT priority, place FROM job WHERE id = ?", arguments: [id])
        guard let row else { throw SpinError.notFound("job", id) }
        var reader = ColumnReader(row)
        return Place(id: id, priority: try reader.next(), place: try reader.next())
    }

    private func position(ofJob id: String, in database: Database) throws -> Int {
        let here = try place(ofJob: id, in: database)
        let before = try Int.fetchOne(
            database,
            sql: """
                SELECT COUNT(*) FROM job
                WHERE status = 'queued' AND (priority > ?1 OR (priority = ?1 AND place < ?2))
                """, arguments: [here.priority, here.place])
        return (before ?? 0) + 1
    }

    /// The queued jobs but one share out their places anew, with that one at its new position.
    private func move(_ job: inout Job, to position: Int, in database: Database) throws {
        guard job.status == .queued else {
            throw SpinError(
                .conflict,
                "the job '\(job.id)' is \(job.status.rawValue) and has no place in the queue")
        }
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT id, priority, place FROM job WHERE status = 'queued'
                ORDER BY priority DESC, place
                """)
        var order = try rows.map { row in
            var reader = ColumnReader(row)
            return Place(
                id: try reader.next(), priority: try reader.next(), place: try reader.next())
        }
        let places = order.map(\.place).sorted()
        order.removeAll { $0.id == job.id }
        let index = min(max(1, position), order.count + 1) - 1
        let atMost = index > 0 ? order[index - 1].priority : .max
        let atLeast = index < order.count ? order[index].priority : .min
        job.configuration.priority = min(max(job.configuration.priority, atLeast), atMost)
        order.insert(
            Place(id: job.id, priority: job.configuration.priority, place: 0), at: index)
        for (entry, place) in zip(order, places) where entry.place != place {
            try database.cachedStatement(sql: "UPDATE job SET place = ? WHERE id = ?").execute(
                arguments: [place, entry.id])
        }
    }
}
