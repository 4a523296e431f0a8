import Foundation
import SelfPlay
import SpinDomain
import Testing

/// A run that is stopped anywhere and resumed ends with the bytes of one that never stopped.
@Suite struct ResumeTests {
    /// What may vary of a game without making it irreproducible.
    enum Variation: String, CaseIterable {
        case plain, previousIterations, regenerateEpoch, rmspropWithReset, offload, nemoWithTerm
        case plainFineTuning

        func apply(to configuration: inout JobConfiguration) {
            switch self {
            case .plain: break
            case .previousIterations: configuration.spin.previousIterations = 1
            case .regenerateEpoch:
                configuration.spin.regenerate = .epoch
                configuration.spin.maxEpochs = 2
            case .rmspropWithReset:
                configuration.optim.name = .rmsprop
                configuration.optim.resetEachIteration = true
            case .offload: configuration.spin.offloadAdamStates = true
            case .nemoWithTerm:
                configuration.spin.maskMode = .nemo
                configuration.spin.sftLossWeight = 0.3
            case .plainFineTuning: configuration.method = .sft
            }
        }
    }

    private func makeArena(_ variation: Variation = .plain) throws -> Arena {
        let arena = try Arena(rows: 12)
        arena.configuration.train.valCheckInterval = .count(2)
        variation.apply(to: &arena.configuration)
        return arena
    }

    /// Files of the last checkpoint.
    private func lastFiles(_ transcript: Transcript) -> [CheckpointRecord.File]? {
        transcript.checkpoints.last?.files
    }

    /// Asks for an interrupt when `condition` first holds, then resumes until the game ends.
    ///
    /// - Parameter stops: how many runs are stopped.
    private func playWithStops(
        _ arena: Arena, stops: Int = .max, after condition: (RunEvent) -> Bool
    ) throws -> (last: Transcript, steps: [StepMetrics]) {
        var checkpoint: CheckpointRecord?
        var steps: [StepMetrics] = []
        for attempt in 0..<100 {
            var hasAsked = attempt >= stops
            let part = try arena.play(from: checkpoint) { event, control in
                if !hasAsked && condition(event) {
                    hasAsked = true
                    control.ask(.interrupt)
                }
            }
            steps.removeAll { $0.step >= part.steps.first?.step ?? .max }
            steps += part.steps
            checkpoint = part.checkpoints.last ?? checkpoint
            if part.outcome == .finished { return (part, steps) }
            #expect(part.outcome == .interrupted)
        }
        Issue.record("the game never ended")
        return (Transcript(), steps)
    }

    @Test(arguments: Variation.allCases)
    func stoppingAfterEveryStepChangesNoBit(variation: Variation) throws {
        let whole = try makeArena(variation).play()
        #expect(whole.outcome == .finished)
        let stopped = try playWithStops(makeArena(variation)) { event in
            if case .stepFinished = event { true } else { false }
        }
        #expect(lastFiles(stopped.last) == lastFiles(whole))
        #expect(stopped.steps.map(\.loss) == whole.steps.map(\.loss))
        #expect(stopped.steps.map(\.gradNorm) == whole.steps.map(\.gradNorm))
        #expect(stopped.steps.map(\.learningRate) == whole.steps.map(\.learningRate))
    }

    @Test func stoppingInValidationAndAtBoundariesChangesNoBit() throws {
        let whole = try makeArena().play()
        for phase in [JobProgress.Phase.validate, .save, .train, .rollout] {
            // The n-th time the phase is entered; one that is stopped at every entry never ends.
            for entry in 1...4 {
                var entries = 0
                let stopped = try playWithStops(makeArena(), stops: 1) { event in
                    if case .phase(phase) = event { entries += 1 }
                    return entries == entry
                }
                #expect(
                    lastFiles(stopped.last) == lastFiles(whole), "entry \(entry) of \(phase)")
            }
        }
    }

    /// The phase is told when the step's boundary has been passed.
    @Test(arguments: [RunControl.Request.interrupt, .pause, .cancel])
    func aStopDoesNotWaitForTheEndOfAStep(request: RunControl.Request) throws {
        let run = try makeArena().play { event, control in
            if case .phase(.train) = event { control.ask(request) }
        }
        #expect(run.outcome != .finished)
        #expect(run.steps.isEmpty)
    }

    @Test func aStopInARolloutKeepsWholeWavesAndDrawsTheRestTheSame() throws {
        // 600 rows are three waves of 256, 256 and 88.
        func makeArena() throws -> Arena {
            let arena = try Arena(rows: 600, validationRows: 0)
            arena.configuration.spin.maxIterations = 1
            arena.configuration.spin.rolloutMicroBatchSize = 16
            arena.configuration.train.globalBatchSize = 300
            arena.configuration.train.microBatchSize = 50
            return arena
        }
        let whole = try makeArena().play()
        #expect(whole.waves == 3)
        let arena = try makeArena()
        let part = try arena.play { event, control in
            if case .samplesGenerated = event { control.ask(.pause) }
        }
        #expect(part.outcome == .paused(reason: "paused"))
        #expect(part.waves == 1 && part.checkpoints.isEmpty && part.steps.isEmpty)
        let rest = try arena.play()
        #expect(rest.waves == 2)
        #expect(part.samples + rest.samples == whole.samples)
        #expect(lastFiles(rest) == lastFiles(whole))
    }

    @Test func aPauseSavesThisVeryMoment() throws {
        let arena = try makeArena()
        let part = try arena.play { event, control in
            if case .stepFinished(let metrics) = event, metrics.step == 1 { control.ask(.pause) }
        }
        #expect(part.outcome == .paused(reason: "paused"))
        #expect(part.checkpoints.map(\.step) == [2])
        #expect(part.checkpoints.first?.isIterationEnd == false)
        #expect(part.steps.count == 2)
    }

    @Test func cancelSavesNothingNew() throws {
        let arena = try makeArena()
        let part = try arena.play { event, control in
            if case .stepFinished = event { control.ask(.cancel) }
        }
        #expect(part.outcome == .cancelled)
        #expect(part.checkpoints.isEmpty && part.steps.count == 1)
    }

    @Test func aManualJobWaitsBetweenIterationsAndGoesOnTheSame() throws {
        let whole = try makeArena().play()
        let arena = try makeArena()
        #expect(try arena.play(allowedIterations: 0).outcome == .waiting)
        let first = try arena.play(allowedIterations: 1)
        #expect(first.outcome == .waiting)
        #expect(first.steps.count == 3 && first.checkpoints.count == 1)
        let second = try arena.play(from: first.checkpoints.last, allowedIterations: 2)
        #expect(second.outcome == .finished)
        #expect(lastFiles(second) == lastFiles(whole))
    }

    @Test func theTimeLimitValidatesSavesAndPauses() throws {
        let arena = try makeArena()
        arena.clock = SteppingClock(stepSeconds: 0.5)
        arena.configuration.train.maxTimeSeconds = 1
        arena.configuration.train.valCheckInterval = nil
        var checkpoint: CheckpointRecord?
        var parts = 0
        var last = Transcript()
        while last.outcome != .finished && parts < 30 {
            last = try arena.play(from: checkpoint)
            parts += 1
            if last.outcome == .paused(reason: "time limit") && !last.checkpoints.isEmpty {
                #expect(last.validations.last?.step == last.checkpoints.last?.step)
            }
            checkpoint = last.checkpoints.last ?? checkpoint
        }
        #expect(last.outcome == .finished && parts > 2)
    }

    @Test func twoThreadsGiveTheSameBitsEveryTime() throws {
        let runs = try (0..<2).map { _ in
            let arena = try makeArena()
            arena.threads = 2
            return try arena.play()
        }
        #expect(lastFiles(runs[0]) == lastFiles(runs[1]))
        #expect(runs[0].samples == runs[1].samples)
    }

    @Test func aDamagedCheckpointIsRefused() throws {
        for name in ["model.safetensors", "optimizer.safetensors", "trainer_state.json"] {
            let arena = try makeArena()
            let first = try arena.play(allowedIterations: 1)
            let checkpoint = try #require(first.checkpoints.last)
            let url = URL(filePath: checkpoint.path).appending(path: name)
            var bytes = try Data(contentsOf: url)
            bytes[bytes.count - 2] ^= 1
            try bytes.write(to: url)
            let damaged = #expect(throws: SpinError.self) {
                _ = try arena.play(from: checkpoint)
            }
            #expect(damaged?.code == .damagedFile)
            try FileManager.default.removeItem(at: url)
            let missing = #expect(throws: SpinError.self) {
                _ = try arena.play(from: checkpoint)
            }
            #expect(missing?.code == .damagedFile)
        }
    }

    @Test func lostSamplesOfAMovedPolicyAreNotInvented() throws {
        let arena = try makeArena()
        let part = try arena.play { event, control in
            if case .stepFinished = event { control.ask(.pause) }
        }
        arena.archive.forget(iteration: 0)
        let error = #expect(throws: SpinError.self) {
            _ = try arena.play(from: part.checkpoints.last)
        }
        #expect(error?.code == .damagedFile)
        // From the beginning of the iteration they can be drawn again.
        #expect(try arena.play().outcome == .finished)
    }

    @Test func storedSamplesOfOtherRowsAreNotReused() throws {
        let arena = try makeArena()
        let whole = try arena.play()
        try TinyData.write(
            TinyData.rows(12, seed: 55), to: arena.folder.url.appending(path: "train.jsonl"))
        let other = try arena.play()
        #expect(other.samples.count == whole.samples.count)
    }

    @Test func anErrorOfTheListenerEndsTheRun() throws {
        struct Full: Error {}
        let arena = try makeArena()
        #expect(throws: Full.self) {
            try arena.play { event, _ in
                if case .stepFinished = event { throw Full() }
            }
        }
    }
}
