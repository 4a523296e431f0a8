import ModelFiles
import SpinDomain
import Tensors
import Transformer

/// One run of a job: the self-play loop of SPIN (arXiv 2401.01335, Algorithm 1).
///
/// Whatever a run does follows from its plan, its checkpoint and the stored samples, so that a run
/// which is stopped anywhere and resumed ends with the same bits as one that never stopped.
final class Game {
    let job: RunPlan
    /// The job's, with the KL penalties now in force.
    private(set) var configuration: JobConfiguration
    let prepared: PreparedRun
    let plan: GamePlan
    let decoder: Decoder
    let optimizer: Optimizer
    let archive: any RolloutArchive
    let control: RunControl
    let clock: any Clock
    let report: (RunEvent) throws -> Void
    let runTime: Stopwatch

    var state = RunState()
    /// Steps of the last checkpoint; nil before the first.
    var savedStep: Int?
    /// Own samples of the iteration before, for mixing in.
    var previousSamples: (iteration: Int, samples: [RolloutSample])?
    /// Operations a second of a large matrix product; nil when nobody measured them.
    let peakOperations: Double?
    /// Of the current iteration's rollout, as far as this run made it.
    var rolloutSpeeds = RolloutSpeeds()
    /// The current iteration's record, as far as it has come.
    var record = IterationRecord(iteration: 0)
    /// Whether this run has finished a step or a wave.
    var hasAdvanced = false
    private var phase: JobProgress.Phase?

    init(
        _ job: RunPlan, prepared: PreparedRun, weights: ParameterArena, pool: WorkerPool,
        archive: any RolloutArchive, control: RunControl, clock: any Clock,
        peakOperations: Double?, report: @escaping (RunEvent) throws -> Void
    ) {
        self.job = job
        configuration = job.configuration
        self.prepared = prepared
        plan = prepared.plan
        decoder = Decoder(
            configuration: prepared.model.decoder, weights: weights, pool: pool)
        optimizer = Optimizer(job.configuration.optim, layout: weights.layout, pool: pool)
        self.archive = archive
        self.control = control
        self.clock = clock
        self.peakOperations = peakOperations
        self.report = report
        runTime = Stopwatch(clock)
    }

    var isSpin: Bool { configuration.method == .spin }

    /// Takes up the run where a checkpoint left it.
    func resume(from checkpoint: CheckpointRecord) throws {
        state = try Checkpoint.read(
            checkpoint, into: decoder.weights, optimizer,
            family: prepared.model.description.family, plan: plan, pool: decoder.pool)
        savedStep = state.step
    }

    func play() throws -> RunOutcome {
        do {
            while plan.iterations.indices.contains(state.iteration) {
                let iteration = plan.iterations[state.iteration]
                let isBetweenIterations = state.step == iteration.firstStep
                if isBetweenIterations {
                    guard control.mayPlay(iteration: iteration.index, step: state.step) else {
                        return .waiting
                    }
                }
                try play(iteration)
            }
            return .finished
        } catch let stop as Stop {
            return try leave(stop)
        }
    }

    /// Freeze the policy as reference and opponent, let it answer, train against its answers.
    private func play(_ iteration: GamePlan.Iteration) throws {
        try begin(iteration)
        let pairs = try isSpin ? rollout(iteration) : PairTable(prepared.rows)
        try train(iteration, on: pairs)
        try finish(iteration, on: pairs)
    }

    private func begin(_ iteration: GamePlan.Iteration) throws {
        let isFirst = iteration.firstStep == 0
        record = IterationRecord(iteration: iteration.index)
        rolloutSpeeds = RolloutSpeeds()
        if let penalty = control.begin(iteration: iteration.index) {
            configuration.spin.refPolicyKLPenalty = penalty
        }
        record.klPenalty =
            isSpin ? Objective(configuration, iteration: iteration.index).spin?.klPenalty : nil
        record.referenceCheckpoint =
            isFirst ? nil : Checkpoint.id(jobID: job.jobID, step: iteration.firstStep)
        record.firstStep = iteration.firstStep
        try report(
            .iterationStarted(
                iteration: iteration.index, klPenalty: record.klPenalty,
                referenceCheckpoint: record.referenceCheckpoint))
        guard state.step == iteration.firstStep else { return }
        state.tally = IterationTally()
        if configuration.optim.resetEachIteration && !isFirst {
            optimizer.reset()
            state.updates = 0
        }
    }

    /// Validates, and saves the policy, which is the next iteration's reference policy.
    private func finish(_ iteration: GamePlan.Iteration, on pairs: PairTable) throws {
        try validate()
        try measureDivergence(iteration, on: pairs)
        record.steps = iteration.steps
        record.validationLoss = state.validatedStep == state.step ? state.validationLoss : nil
        record.isFinished = true
        state.tally.describe(&record, isSpin: isSpin)
        state.iteration += 1
        state.tally = IterationTally()
        let checkpoint = try save(isIterationEnd: true)
        try report(.iterationFinished(record))
        try report(.checkpointSaved(checkpoint))
    }

    /// Keeps what a stopped run has done.
    private func leave(_ stop: Stop) throws -> RunOutcome {
        if stop.outcome == .cancelled { return .cancelled }
        // At the very beginning there is nothing to keep, after a checkpoint nothing new.
        let isSaved = state.step == savedStep ?? 0
        guard !isSaved else { return stop.outcome }
        if stop.outcome == Stop.timeLimit.outcome {
            do {
                try validate()
            } catch let request as Stop {
                return try leave(request)
            }
        }
        try report(.checkpointSaved(save(isIterationEnd: false)))
        return stop.outcome
    }

    /// Tells the world, once, what the run is at.
    func enter(_ next: JobProgress.Phase) throws {
        guard phase != next else { return }
        phase = next
        try report(.phase(next))
    }

    /// - Throws: `Stop` when the time is used up; never before the run has got somewhere, so that
    ///   runs of whatever length come to an end.
    func heedTimeLimit() throws {
        guard hasAdvanced, let limit = configuration.train.maxTimeSeconds,
            runTime.seconds >= Double(limit)
        else { return }
        throw Stop.timeLimit
    }
}
