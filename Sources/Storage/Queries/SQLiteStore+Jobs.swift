import DurableFiles
import GRDB
public import SpinDomain

extension SQLiteStore {
    public func insert(
        _ job: Job, idempotency: IdempotencyKey?
    ) throws -> (job: Job, isNew: Bool) {
        defer { Failpoint.submissionStored.pass() }
        return try write { database in
            if let idempotency, let earlier = try self.job(of: idempotency, in: database) {
                return (earlier, false)
            }
            try job.mappingPaths(paths.relative).insert(into: database)
            try database.execute(
                sql: "UPDATE job SET place = sequence WHERE id = ?", arguments: [job.id])
            Failpoint.submissionInside.pass()
            if let idempotency { try idempotency.insert(job: job.id, into: database) }
            try JobEvent(
                jobID: job.id, time: job.createdAt, type: "job.created",
                message: "the job '\(job.configuration.name)' was submitted",
                data: ["status": .string(job.status.rawValue)]
            ).insert(into: database)
            return (job, true)
        }
    }

    public func job(idempotency: IdempotencyKey) throws -> Job? {
        try read { try job(of: idempotency, in: $0) }
    }

    public func job(_ id: String) throws -> Job {
        try read { try job(id, in: $0) }
    }

    public func jobs(status: JobStatus?, limit: Int, after: String?) throws -> Page<Job> {
        try read { database in
            let before = try after.map { try sequence(ofJob: $0, in: database) }
            return try Page.fetched(limit: limit) { limit in
                try Job.fetch(
                    database,
                    """
                    WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR sequence < ?2)
                    ORDER BY sequence DESC LIMIT ?3
                    """, [status?.rawValue, before, limit]
                ).map { $0.mappingPaths(paths.absolute) }
            }
        }
    }

    public func transition(
        job id: String, to status: JobStatus, detail: String?, reason: PauseReason?,
        at time: Timestamp
    ) throws -> Job {
        defer { Failpoint.transitionStored.pass() }
        return try write { database in
            try transition(
                try job(id, in: database), to: status, detail, reason, at: time, in: database)
        }
    }

    public func claimNextJob(at time: Timestamp) throws -> Job? {
        try write { database in
            guard let next = try queued("LIMIT 1", [], in: database).first else { return nil }
            return try transition(next, to: .running, nil, nil, at: time, in: database)
        }
    }

    public func setProgress(job id: String, _ progress: JobProgress) throws {
        try write { database in
            var job = try job(id, in: database)
            guard job.progress != progress else { return }
            job.progress = progress
            try write(job, in: database)
        }
    }

    public func delete(job id: String) throws {
        try write { database in
            let job = try job(id, in: database)
            guard job.status != .running else {
                throw SpinError(
                    .conflict, "the job '\(id)' is running and cannot be deleted",
                    hint: "cancel it first")
            }
            try database.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [id])
        }
    }
}

extension SQLiteStore {
    func job(_ id: String, in database: Database) throws -> Job {
        guard let job = try Job.fetch(database, "WHERE id = ?", [id]).first else {
            throw SpinError.notFound("job", id)
        }
        return job.mappingPaths(paths.absolute)
    }

    /// - Throws: `notFound` when there is no such job.
    func sequence(ofJob id: String, in database: Database) throws -> Int {
        let sql = "SELECT sequence FROM job WHERE id = ?"
        guard let sequence = try Int.fetchOne(database, sql: sql, arguments: [id]) else {
            throw SpinError.notFound("job", id)
        }
        return sequence
    }

    private func transition(
        _ job: Job, to status: JobStatus, _ detail: String?, _ reason: PauseReason?,
        at time: Timestamp, in database: Database
    ) throws -> Job {
        guard job.status.canBecome(status) else {
            throw SpinError(
                .conflict,
                "the job '\(job.id)' is \(job.status.rawValue) and cannot become \(status.rawValue)"
            )
        }
        var moved = job
        moved.status = status
        moved.statusDetail = detail
        moved.pauseReason = status == .paused ? reason : nil
        moved.askedFor = nil
        if status == .running { moved.startedAt = job.startedAt ?? time }
        moved.finishedAt = status.isFinal ? time : nil
        let type = JobEvent.type(from: job.status, to: status)
        try JobEvent(
            jobID: job.id, time: time, type: type, level: status == .failed ? .error : .info,
            message: detail ?? "the job is \(status.rawValue)",
            data: ["from": .string(job.status.rawValue), "status": .string(status.rawValue)]
        ).insert(into: database)
        Failpoint.transitionInside.pass()
        return try save(moved, in: database)
    }

    /// Writes a changed job under the next version.
    func save(_ job: Job, in database: Database) throws -> Job {
        var job = job
        job.version += 1
        try write(job, in: database)
        return job
    }

    private func write(_ job: Job, in database: Database) throws {
        let columns = Job.table.columns.map { "\($0) = ?" }.joined(separator: ", ")
        let values = job.mappingPaths(paths.relative).columnValues + [job.id]
        try database.cachedStatement(sql: "UPDATE job SET \(columns) WHERE id = ?").execute(
            arguments: StatementArguments(values))
    }
}

extension JobEvent {
    fileprivate static func type(from old: JobStatus, to new: JobStatus) -> String {
        switch (old, new) {
        case (_, .running): "job.started"
        case (.paused, .queued), (.paused, .waiting): "job.resumed"
        case (.failed, _), (.cancelled, _): "job.retried"
        case (.succeeded, _): "job.extended"
        default: "job.\(new.rawValue)"
        }
    }
}
