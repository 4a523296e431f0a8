import DurableFiles
import SpinDomain

/// Writes a run's events to the store; lives on the run's thread.
///
/// A checkpoint's row is the promise that a run can go on from there, so everything before it is
/// written first.
final class RunRecorder {
    private static let batchRows = 64
    private static let batchSeconds = 0.2
    private static let progressSeconds = 0.25

    /// Whether the run has done more than begin.
    private(set) var hasAdvanced = false

    let jobID: String
    let earlyStop: Int?
    let control: RunControl
    let store: any JobStore
    let clock: any Clock
    private let requireSpace: (_ bytes: Int) throws -> Void
    private let checkpointSaved: () throws -> Void
    /// What the next checkpoint will take.
    private var checkpointBytes = 0
    private(set) var progress: JobProgress
    private var remaining: RemainingTime
    var alerts: AlertWatch
    /// The kinds of alerts that earlier runs of the job told, by iteration.
    private let toldBefore: [Int: Set<AlertWatch.Alert.Kind>]
    private var pending: [StepMetrics] = []
    private var flushedAt: Timestamp
    private var progressWrittenAt: Timestamp

    /// - Parameters:
    ///   - requireSpace: throws when so many bytes cannot be written.
    ///   - checkpointSaved: called when the row of a checkpoint is stored.
    init(
        _ job: Job, from checkpoint: CheckpointRecord?, control: RunControl,
        store: any JobStore, clock: any Clock,
        requireSpace: @escaping (_ bytes: Int) throws -> Void,
        checkpointSaved: @escaping () throws -> Void
    ) throws {
        jobID = job.id
        earlyStop = job.configuration.spin.earlyStop
        self.control = control
        alerts = AlertWatch(job.configuration.alerts)
        toldBefore = try Self.alertsTold(of: job.id, in: store)
        self.store = store
        self.clock = clock
        self.requireSpace = requireSpace
        self.checkpointSaved = checkpointSaved
        progress = JobProgress()
        progress.phase = .loading
        progress.totalSteps = job.progress.totalSteps
        progress.step = checkpoint?.step ?? 0
        progress.iteration = checkpoint?.iteration ?? 0
        remaining = RemainingTime(iterations: job.configuration.spin.maxIterations)
        flushedAt = clock.now()
        progressWrittenAt = flushedAt
    }

    func record(_ event: RunEvent) throws {
        switch event {
        case .started(let totalSteps, let estimate):
            // A run that could not save would be in vain.
            checkpointBytes = estimate.checkpointBytes
            try requireSpace(checkpointBytes)
            progress.totalSteps = totalSteps
            try writeProgress()
        case .environment(let environment):
            try tell("run.environment", "the run computes with this", environment.json)
        case .phase(let phase):
            progress.phase = phase
            if phase == .save { try requireSpace(checkpointBytes) }
            try flush()
            try writeProgress()
        case .iterationStarted(let iteration, let klPenalty, let reference):
            try begin(iteration, klPenalty, reference)
        case .rolloutProgressed(let done, let total, let tokensPerSecond):
            try rollout(done: done, total: total, tokensPerSecond)
        case .samplesGenerated(let samples):
            hasAdvanced = true
            try store.append(samples: samples, job: jobID)
        case .stepFinished(let metrics): try step(metrics)
        case .validationFinished(let validation): try save(validation)
        case .checkpointSaved(let checkpoint): try save(checkpoint)
        case .iterationFinished(let iteration): try end(iteration)
        case .warning(let message):
            try tell("warning", level: .warning, message)
        }
    }

    /// Writes what is left when the run has ended.
    func finish() throws {
        progress.phase = nil
        progress.secondsRemaining = nil
        try flush()
        try writeProgress()
    }

    private func begin(_ iteration: Int, _ klPenalty: Double?, _ reference: String?) throws {
        try flush()
        progress.iteration = iteration
        alerts.begin(iteration: iteration, told: toldBefore[iteration] ?? [])
        progress.rolloutDone = 0
        progress.rolloutTotal = 0
        remaining.iterationStarted()
        var record = IterationRecord(iteration: iteration)
        record.klPenalty = klPenalty
        record.referenceCheckpoint = reference
        try store.save(iteration: record, job: jobID)
        try tell(
            "iteration.started", "iteration \(iteration) begins",
            [
                "iteration": .integer(iteration), "kl_penalty": JSONValue(klPenalty),
                "reference_checkpoint": JSONValue(reference),
            ])
    }

    private func rollout(done: Int, total: Int, _ tokensPerSecond: Double) throws {
        progress.rolloutDone = done
        progress.rolloutTotal = total
        progress.tokensPerSecond = tokensPerSecond
        remaining.rolloutProgressed(done: done, total: total, at: clock.now())
        try flushIfDue()
        try writeProgressIfDue()
    }

    private func step(_ metrics: StepMetrics) throws {
        hasAdvanced = true
        for alert in alerts.step(metrics) { try tell(alert, step: metrics.step) }
        var stamped = metrics
        stamped.finishedAt = clock.now()
        pending.append(stamped)
        progress.step = metrics.step + 1
        progress.tokensPerSecond = metrics.tokensPerSecond
        remaining.stepFinished(seconds: metrics.stepTime)
        try flushIfDue()
        try writeProgressIfDue()
    }

    private func save(_ validation: ValidationRecord) throws {
        try flush()
        try store.append(validation: validation, job: jobID)
        try tell(
            "validation", "validation loss \(validation.loss) after \(validation.step) steps",
            [
                "step": .integer(validation.step), "iteration": .integer(validation.iteration),
                "loss": .number(validation.loss),
            ])
    }

    private func save(_ checkpoint: CheckpointRecord) throws {
        hasAdvanced = true
        try flush()
        var checkpoint = checkpoint
        checkpoint.path = CheckpointFolders.normalised(checkpoint.path)
        Failpoint.checkpointPublished.pass()
        try store.insert(checkpoint: checkpoint)
        Failpoint.checkpointStored.pass()
        try tell(
            "checkpoint.saved", "a checkpoint was saved after \(checkpoint.step) steps",
            [
                "checkpoint": .string(checkpoint.id), "step": .integer(checkpoint.step),
                "iteration": .integer(checkpoint.iteration), "bytes": .integer(checkpoint.bytes),
            ])
        try checkpointSaved()
    }

    private func end(_ iteration: IterationRecord) throws {
        try flush()
        try store.save(iteration: iteration, job: jobID)
        progress.iteration = iteration.iteration + 1
        try writeProgress()
        try tell(
            "iteration.finished", "iteration \(iteration.iteration) is played",
            [
                "iteration": .integer(iteration.iteration), "steps": .integer(iteration.steps),
                "start_loss": JSONValue(iteration.startLoss),
                "end_loss": JSONValue(iteration.endLoss),
                "end_acc": JSONValue(iteration.endAccuracy),
                "end_margin": JSONValue(iteration.endMargin),
                "validation_loss": JSONValue(iteration.validationLoss),
            ])
        try judge(iteration)
    }

    private func tell(
        _ type: String, level: JobEvent.Level = .info, _ message: String, _ data: JSONValue = .null
    ) throws {
        try store.append(
            event: JobEvent(
                jobID: jobID, time: clock.now(), type: type, level: level, message: message,
                data: data))
    }

    private func flushIfDue() throws {
        if pending.count >= Self.batchRows || isDue(Self.batchSeconds, since: flushedAt) {
            try requireSpace(0)
            try flush()
        }
    }

    private func flush() throws {
        flushedAt = clock.now()
        guard !pending.isEmpty else { return }
        try store.append(steps: pending, job: jobID)
        pending = []
    }

    private func writeProgressIfDue() throws {
        if isDue(Self.progressSeconds, since: progressWrittenAt) { try writeProgress() }
    }

    private func writeProgress() throws {
        progressWrittenAt = clock.now()
        if progress.phase != nil { progress.secondsRemaining = remaining.seconds(progress) }
        try store.setProgress(job: jobID, progress)
    }

    /// A clock that was set back counts as late, so that nothing waits for it to catch up.
    private func isDue(_ seconds: Double, since time: Timestamp) -> Bool {
        let elapsed = clock.now().seconds(since: time)
        return elapsed >= seconds || elapsed < 0
    }
}
