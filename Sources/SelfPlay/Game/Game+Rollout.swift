import ModelFiles
import SpinDomain
import Tensors
import Transformer

extension Game {
    /// Every pair of an iteration: stored ones as far as they go, the rest from the policy as it is.
    func rollout(_ iteration: GamePlan.Iteration) throws -> PairTable {
        try enter(.rollout)
        let watch = Stopwatch(clock)
        var stored: [Int: RolloutSample] = [:]
        for sample in try archive.samples(iteration: iteration.index) {
            stored[sample.index] = sample
        }
        let mixes = iteration.pairs > plan.rows
        let draw = { try self.drawSamples(iteration, stored: stored) }
        let own = try configuration.spin.offloadAdamStates ? withMomentsStored(draw) : draw()
        var samples = own
        if mixes {
            let referenceTime = Stopwatch(clock)
            samples += try mixIn(iteration, own: own, stored: stored)
            record.referenceSeconds = referenceTime.seconds
        }
        previousSamples = (iteration.index, own)
        record.rolloutSeconds = watch.seconds - (record.referenceSeconds ?? 0)
        describe(samples)
        if configuration.spin.verifyReference { try verifyReference(samples, iteration) }
        return PairTable(samples, truncated: configuration.spin.truncated)
    }

    private func describe(_ samples: [RolloutSample]) {
        record.pairs = samples.count
        record.identicalPairs = samples.count { $0.generatedIDs == $0.actualIDs }
        record.truncatedPairs = samples.count { $0.stopReason == .length }
        record.generatedTokens = samples.reduce(0) { $0 + $1.generatedIDs.count }
    }

    private func withMomentsStored<Result>(_ body: () throws -> Result) throws -> Result {
        let storage = MomentStorage(
            folder: checkpointFolder, family: prepared.model.description.family,
            pool: decoder.pool)
        return try storage.withMomentsStored(of: optimizer, body)
    }

    // MARK: Own samples

    private func drawSamples(
        _ iteration: GamePlan.Iteration, stored: [Int: RolloutSample]
    ) throws -> [RolloutSample] {
        let indices = plan.samplesToDraw(
            iteration, seed: configuration.seed,
            areReused: configuration.spin.previousIterations > 0)
        var samples: [RolloutSample] = []
        var progress = RolloutProgress(total: indices.count, clock)
        let times = PhaseTimes<Rollout.Phase>(clock)
        var rollout: Rollout?
        for wave in waves(indices) {
            if let known = reuse(wave, stored, source: iteration.index) {
                samples += known
                continue
            }
            try checkPolicyIsReference(iteration)
            try heedTimeLimit()
            let current = rollout ?? makeRollout()
            rollout = current
            current.phaseBegan = times.begin
            let answers = try current.answer(wave.map { request(iteration, index: $0) }) {
                try control.heed()
                try progress.report(samples.count, current, report)
            }
            times.end()
            let drawn = zip(wave, answers).map { sample(iteration, index: $0, $1) }
            samples += drawn
            try report(.samplesGenerated(drawn))
            hasAdvanced = true
        }
        if let rollout {
            rolloutSpeeds = RolloutSpeeds(rollout, times)
            try progress.reportNow(samples.count, rollout, report)
        }
        return samples
    }

    /// A wave is stored as a whole or not at all; its size is a matter of the configuration alone.
    private func waves(_ indices: [Int]) -> [ArraySlice<Int>] {
        let size = max(8 * configuration.spin.rolloutMicroBatchSize, 256)
        return stride(from: 0, to: indices.count, by: size).map {
            indices[$0..<min($0 + size, indices.count)]
        }
    }

    /// The stored samples of a wave, if they are all there and are of the same rows.
    private func reuse(
        _ wave: ArraySlice<Int>, _ stored: [Int: RolloutSample], source: Int
    ) -> [RolloutSample]? {
        let known = wave.compactMap { index -> RolloutSample? in
            guard let sample = stored[index], sample.sourceIteration == source else { return nil }
            let row = prepared.rows[index % plan.rows]
            return sample.promptIDs == row.prompt && sample.actualIDs == row.response
                ? sample : nil
        }
        return known.count == wave.count ? known : nil
    }

    /// Once the policy has moved, the reference policy's responses cannot be had any more.
    private func checkPolicyIsReference(_ iteration: GamePlan.Iteration) throws {
        guard state.step > iteration.firstStep else { return }
        throw SpinError(
            .damagedFile,
            "iteration \(iteration.index) lacks stored samples, and its reference policy has gone",
            hint: "resume from the checkpoint at step \(iteration.firstStep)")
    }

    private func makeRollout() -> Rollout {
        let spin = configuration.spin
        let longest = prepared.rows.map { row in
            row.prompt.count + max(row.response.count, prepared.budget(for: row))
        }
        return Rollout(
            decoder: decoder,
            rules: RolloutRules(
                stopTokens: prepared.model.stopTokens, endStrings: prepared.endStrings,
                maskMode: spin.maskMode),
            options: spin, capacity: longest.max() ?? 1)
    }

    private func request(_ iteration: GamePlan.Iteration, index: Int) -> RolloutRequest {
        let (epoch, rowIndex) = index.quotientAndRemainder(dividingBy: plan.rows)
        let row = prepared.rows[rowIndex]
        return RolloutRequest(
            prompt: row.prompt, actual: row.response, budget: prepared.budget(for: row),
            random: CounterRandom(
                seed: configuration.seed,
                stream: (UInt32(iteration.index), UInt32(epoch), UInt32(rowIndex))))
    }

    private func sample(
        _ iteration: GamePlan.Iteration, index: Int, _ answer: RolloutAnswer
    ) -> RolloutSample {
        let (epoch, rowIndex) = index.quotientAndRemainder(dividingBy: plan.rows)
        let row = prepared.rows[rowIndex]
        return RolloutSample(
            iteration: iteration.index, index: index, epoch: epoch,
            sourceIteration: iteration.index, row: rowIndex, promptIDs: row.prompt,
            actualIDs: row.response, generatedIDs: answer.generated,
            prompt: prepared.model.text(row.prompt), actual: prepared.model.text(row.response),
            generated: prepared.model.text(answer.generated),
            referenceLogpActual: answer.logpActual, referenceLogpGenerated: answer.logpGenerated,
            stopReason: answer.stopReason)
    }

    // MARK: Samples of the iteration before

    /// The pairs of iteration t−1 under the reference policy of iteration t.
    ///
    /// The actual response's log-probability is known from this iteration's own pair of the row.
    private func mixIn(
        _ iteration: GamePlan.Iteration, own: [RolloutSample], stored: [Int: RolloutSample]
    ) throws -> [RolloutSample] {
        let earlier = try samplesBefore(iteration)
        let scorer = ResponseScorer(
            decoder: decoder, maskMode: configuration.spin.maskMode,
            pairsAtOnce: configuration.spin.logProbForwardMicroBatchSize)
        var samples: [RolloutSample] = []
        for wave in waves(Array(plan.ownSamples..<2 * plan.ownSamples)) {
            if let known = reuse(wave, stored, source: iteration.index - 1) {
                samples += known
                continue
            }
            try checkPolicyIsReference(iteration)
            let chosen = wave.map { earlier[$0 - plan.ownSamples] }
            // A generated response is scored as if it were the actual one.
            let pairs = chosen.map { TrainingPair(prompt: $0.promptIDs, actual: $0.generatedIDs) }
            let sums = try scorer.sums(pairs, betweenBatches: control.heed)
            let mixed = zip(wave, zip(chosen, sums)).map { index, scored in
                var sample = scored.0
                sample.iteration = iteration.index
                sample.index = index
                sample.referenceLogpActual = own[index - plan.ownSamples].referenceLogpActual
                sample.referenceLogpGenerated = scored.1.actual
                return sample
            }
            samples += mixed
            try report(.samplesGenerated(mixed))
        }
        return samples
    }

    private func samplesBefore(_ iteration: GamePlan.Iteration) throws -> [RolloutSample] {
        let before = iteration.index - 1
        let samples =
            try previousSamples?.iteration == before
            ? previousSamples?.samples ?? []
            : archive.samples(iteration: before).filter { $0.sourceIteration == before }
        guard samples.map(\.index) == Array(0..<plan.ownSamples) else {
            throw SpinError(
                .damagedFile, "the stored samples of iteration \(before) are not complete",
                hint: "resume from a checkpoint of iteration \(before)")
        }
        return samples
    }

    // MARK: Verification

    /// `verify_reference`: every pair once more, with the kernels that training uses.
    private func verifyReference(
        _ samples: [RolloutSample], _ iteration: GamePlan.Iteration
    ) throws {
        guard state.step == iteration.firstStep else { return }
        let scorer = ResponseScorer(
            decoder: decoder, maskMode: configuration.spin.maskMode,
            pairsAtOnce: configuration.spin.logProbForwardMicroBatchSize)
        let pairs = samples.map { TrainingPair($0, truncated: .keep) }
        let sums = try scorer.sums(pairs, betweenBatches: control.heed)
        let difference = zip(pairs, sums).map { $0.referenceDifference($1) }.max() ?? 0
        record.referenceDifference = difference
        try warn(referenceDifference: difference)
    }
}

/// Tells people how a rollout goes, not more often than they can read.
private struct RolloutProgress {
    private let total: Int
    private let watch: Stopwatch
    private var pace: Stopwatch.Pace

    init(total: Int, _ clock: any Clock) {
        self.total = total
        watch = Stopwatch(clock)
        pace = Stopwatch.Pace(clock)
    }

    /// - Parameter done: samples of complete waves.
    mutating func report(
        _ done: Int, _ rollout: Rollout, _ report: (RunEvent) throws -> Void
    ) throws {
        if pace.isDue() { try reportNow(done, rollout, report) }
    }

    func reportNow(
        _ done: Int, _ rollout: Rollout, _ report: (RunEvent) throws -> Void
    ) throws {
        let seconds = watch.seconds
        try report(
            .rolloutProgressed(
                done: done + rollout.finishedInWave, total: total,
                tokensPerSecond: seconds > 0 ? Double(rollout.drawnTokens) / seconds : 0))
    }
}
