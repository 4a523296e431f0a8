import SpinDomain
import Tensors

extension Game {
    /// The remaining steps of an iteration.
    func train(_ iteration: GamePlan.Iteration, on pairs: PairTable) throws {
        guard state.step < iteration.endStep else { return }
        let watch = Stopwatch(clock)
        let validationBefore = record.validationSeconds ?? 0
        let checkpointsBefore = record.checkpointSeconds ?? 0
        // Made anew for every iteration: while responses are generated their memory is free.
        let trainer = Trainer(
            decoder: decoder, optimizer: optimizer, options: configuration.train)
        var order: (epoch: Int, order: EpochOrder)?
        while state.step < iteration.endStep {
            try atStepBoundary(iteration)
            try enter(.train)
            let (epoch, stepInEpoch) = (state.step - iteration.firstStep)
                .quotientAndRemainder(dividingBy: iteration.stepsPerEpoch)
            if order?.epoch != epoch {
                order = (epoch, plan.order(iteration, epoch: epoch, seed: configuration.seed))
            }
            let batch = try (order?.order.batch(stepInEpoch) ?? []).map {
                try pairs.pair(at: plan.sample(pair: $0, epoch: epoch))
            }
            try step(iteration, epoch: epoch, batch, trainer)
        }
        record.trainSeconds =
            watch.seconds - (record.validationSeconds ?? 0) + validationBefore
            - (record.checkpointSeconds ?? 0) + checkpointsBefore
    }

    /// What is due between two steps; a run can be stopped here.
    private func atStepBoundary(_ iteration: GamePlan.Iteration) throws {
        if isValidationDue(iteration) { try validate() }
        if isCheckpointDue(iteration) {
            try report(.checkpointSaved(save(isIterationEnd: false)))
        }
        try control.heed()
        try heedTimeLimit()
        guard control.mayPlay(iteration: iteration.index, step: state.step) else {
            throw Stop(outcome: .waiting)
        }
    }

    /// At every interval, and when somebody asked for one; iterations' ends see to themselves.
    private func isCheckpointDue(_ iteration: GamePlan.Iteration) -> Bool {
        guard state.step != iteration.firstStep else { return false }
        let isAsked = control.takeSaveRequest()
        guard savedStep != state.step else { return false }
        let interval = configuration.train.saveInterval
        return isAsked || interval.map { state.step.isMultiple(of: $0) } ?? false
    }

    /// Before the first step, and at every interval; iterations' ends see to themselves.
    private func isValidationDue(_ iteration: GamePlan.Iteration) -> Bool {
        let inIteration = state.step - iteration.firstStep
        if inIteration == 0 { return state.step == 0 }
        switch configuration.train.valCheckInterval {
        case nil: return false
        case .count(let steps): return state.step.isMultiple(of: steps)
        case .fraction(let share):
            let interval = max(1, Int(share * Double(iteration.stepsPerEpoch)))
            let inEpoch = (inIteration - 1) % iteration.stepsPerEpoch + 1
            return inEpoch.isMultiple(of: interval)
        }
    }

    private func step(
        _ iteration: GamePlan.Iteration, epoch: Int, _ batch: [TrainingPair], _ trainer: Trainer
    ) throws {
        let watch = Stopwatch(clock)
        let objective = Objective(configuration, iteration: iteration.index)
        let schedule = LearningRateSchedule(configuration.optim, totalSteps: plan.totalSteps)
        let rate = schedule.rate(step: state.step, in: iteration)
        let result = try trainer.step(
            .init(
                step: state.step, pairs: batch, learningRate: rate,
                isReference: state.step == iteration.firstStep),
            objective, betweenParts: control.heed)
        let seconds = watch.seconds
        var metrics = StepMetrics(
            step: state.step, iteration: iteration.index, epoch: epoch, loss: 0, sftLoss: 0,
            gradNorm: result.gradientNorm, learningRate: rate,
            consumedSamples: (state.step + 1) * plan.globalBatchSize, stepTime: seconds,
            tokensPerSecond: seconds > 0 ? Double(result.tokens) / seconds : 0)
        metrics.describe(result.outcomes, objective)
        describeCost(result, &metrics)
        state.tally.add(metrics, in: iteration)
        state.step += 1
        hasAdvanced = true
        try warn(about: result, metrics.step)
        try report(.stepFinished(metrics))
    }

    private func describeCost(_ result: Trainer.StepResult, _ metrics: inout StepMetrics) {
        metrics.rolloutTokensPerSecond = rolloutSpeeds.generation
        metrics.referenceTokensPerSecond = rolloutSpeeds.scoring
        if let peakOperations, metrics.stepTime > 0 {
            metrics.mfu = result.operations / metrics.stepTime / peakOperations
        }
        metrics.residentBytes = ProcessMemory.residentBytes
        metrics.peakResidentBytes = ProcessMemory.peakBytes
    }

    private func warn(about result: Trainer.StepResult, _ step: Int) throws {
        if result.outcomes.isEmpty {
            try report(
                .warning("step \(step) changed nothing: every pair of its batch is truncated"))
        }
        try warn(referenceDifference: result.referenceDifference)
    }

    /// Decoding and training kernels round differently, but not by this much.
    func warn(referenceDifference difference: Double) throws {
        let tolerance = 1e-3
        guard difference > tolerance else { return }
        try report(
            .warning(
                "stored and rescored reference log-probabilities differ by up to \(difference)"))
    }

    /// The loss on the validation set, unless it is known already for this step.
    func validate() throws {
        guard !prepared.validationRows.isEmpty, state.validatedStep != state.step else { return }
        try enter(.validate)
        let watch = Stopwatch(clock)
        let validation = Validation(
            decoder: decoder, rows: prepared.validationRows,
            microBatchSize: configuration.train.microBatchSize)
        let result = try validation.run(betweenBatches: control.heed)
        let seconds = watch.seconds
        state.validatedStep = state.step
        state.validationLoss = result.loss
        state.bestValidationLoss = min(state.bestValidationLoss ?? .infinity, result.loss)
        record.validationSeconds = (record.validationSeconds ?? 0) + seconds
        try report(
            .validationFinished(
                ValidationRecord(
                    step: state.step, iteration: state.iteration, loss: result.loss,
                    tokens: result.tokens, seconds: seconds)))
    }
}
