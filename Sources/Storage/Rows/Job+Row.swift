import GRDB
import SpinDomain

extension Job: StoredRecord {
    /// `priority` repeats what the configuration says, for the queue's index.
    static let table = Table(
        name: "job",
        columns: [
            "id", "status", "configuration", "model_path", "dataset_path", "validation_path",
            "phase", "iteration", "step", "total_steps", "rollout_done", "rollout_total",
            "tokens_per_second", "seconds_remaining", "allowed_iterations",
            "allowed_steps", "parent_checkpoint", "cloned_from", "status_detail", "pause_reason",
            "asked_for", "created_at", "started_at", "finished_at", "version", "priority",
        ])

    init(from reader: inout ColumnReader) throws {
        self.init(
            id: try reader.next(), status: try reader.choice(),
            configuration: try JobConfiguration(json: try reader.json()),
            sources: RunSources(
                modelPath: try reader.next(), datasetPath: try reader.next(),
                validationPath: try reader.optional()),
            progress: try JobProgress(from: &reader),
            allowedIterations: try reader.next(), allowedSteps: try reader.next(),
            parentCheckpoint: try reader.optional(), clonedFrom: try reader.optional(),
            statusDetail: try reader.optional(), pauseReason: try reader.optionalChoice(),
            askedFor: try reader.optionalChoice(), createdAt: try reader.time(),
            startedAt: try reader.optionalTime(), finishedAt: try reader.optionalTime(),
            version: try reader.next())
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        let first: [(any DatabaseValueConvertible)?] = [
            id, status.rawValue, configuration.json.text, sources.modelPath, sources.datasetPath,
            sources.validationPath,
        ]
        let last: [(any DatabaseValueConvertible)?] = [
            allowedIterations, allowedSteps, parentCheckpoint, clonedFrom, statusDetail,
            pauseReason?.rawValue, askedFor?.rawValue, createdAt.microseconds,
            startedAt?.microseconds, finishedAt?.microseconds, version, configuration.priority,
        ]
        return first + progress.columnValues + last
    }

    /// The same job with every path changed.
    func mappingPaths(_ map: (String) -> String) -> Job {
        var job = self
        job.sources.modelPath = map(sources.modelPath)
        job.sources.datasetPath = map(sources.datasetPath)
        job.sources.validationPath = sources.validationPath.map(map)
        return job
    }
}

extension JobProgress {
    static let columns = [
        "phase", "iteration", "step", "total_steps", "rollout_done", "rollout_total",
        "tokens_per_second", "seconds_remaining",
    ]

    init(from reader: inout ColumnReader) throws {
        self.init()
        phase = try reader.optionalChoice()
        iteration = try reader.next()
        step = try reader.next()
        totalSteps = try reader.optional()
        rolloutDone = try reader.next()
        rolloutTotal = try reader.next()
        tokensPerSecond = try reader.optional()
        secondsRemaining = try reader.optional()
    }

    var columnValues: [(any DatabaseValueConvertible)?] {
        [
            phase?.rawValue, iteration, step, totalSteps, rolloutDone, rolloutTotal,
            tokensPerSecond, secondsRemaining,
        ]
    }
}
