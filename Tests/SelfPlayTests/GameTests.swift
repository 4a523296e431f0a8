import Foundation
import SelfPlay
import SpinDomain
import Testing

/// Whole games on a tiny model, through the public engine.
@Suite struct GameTests {
    /// What DESIGN.md promises of every iteration's first step.
    private static let firstLossTolerance = 1e-4

    @Test func everyIterationStartsAtLogTwoAndImproves() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.spin.maxIterations = 3
        arena.configuration.spin.maxEpochs = 4
        arena.configuration.optim.sched.name = .constant
        let game = try arena.play()
        #expect(game.outcome == .finished)
        #expect(game.steps.map(\.step) == Array(0..<24))
        #expect(game.steps.map(\.iteration) == (0..<3).flatMap { [Int](repeating: $0, count: 8) })
        #expect(game.steps.prefix(8).map(\.epoch) == [0, 0, 1, 1, 2, 2, 3, 3])
        #expect(game.steps.map(\.consumedSamples) == (1...24).map { 4 * $0 })
        for first in [0, 8, 16] {
            let step = game.steps[first]
            #expect(abs(step.loss - log(2)) < Self.firstLossTolerance)
            #expect(step.rewardsActualMean == 0 && step.rewardsGeneratedMean == 0)
            #expect(step.accuracy == 0)
            #expect(game.steps[first + 7].loss < step.loss)
            #expect((game.steps[first + 7].rewardsMarginMean ?? 0) > 0)
        }
        #expect(game.warnings.isEmpty)
        #expect(game.validations.map(\.step).first == 0)
        #expect((game.validations.last?.loss ?? 9) < (game.validations.first?.loss ?? 0))
    }

    @Test func recordsSayWhatAnIterationWas() throws {
        let arena = try Arena(rows: 8)
        let game = try arena.play()
        #expect(game.iterations.map(\.iteration) == [0, 1])
        let record = try #require(game.iterations.last)
        #expect(record.firstStep == 2 && record.steps == 2 && record.isFinished)
        #expect(record.klPenalty == 0.1)
        #expect(record.referenceCheckpoint == game.checkpoints.first?.id)
        #expect(game.iterations.first?.referenceCheckpoint == nil)
        #expect(record.pairs == 8)
        let own = game.samples.filter { $0.iteration == 1 }
        #expect(record.generatedTokens == own.reduce(0) { $0 + $1.generatedIDs.count })
        #expect(record.truncatedPairs == own.count { $0.stopReason == .length })
        #expect(record.startLoss == game.steps[2].loss)
        #expect(record.endLoss == game.steps[3].loss)  // the last quarter of two steps is one
        #expect(record.endAccuracy == game.steps[3].accuracy)
        #expect(record.validationLoss == game.validations.last?.loss)
    }

    @Test func validationRunsBeforeTheFirstStepAtIntervalsAndAtIterationEndsNeverTwice() throws {
        let arena = try Arena(rows: 16)
        arena.configuration.train.valCheckInterval = .fraction(0.5)
        #expect(try arena.play().validations.map(\.step) == [0, 2, 4, 6, 8])
        arena.configuration.train.valCheckInterval = .count(3)
        #expect(try arena.play().validations.map(\.step) == [0, 3, 4, 6, 8])
        arena.configuration.train.valCheckInterval = nil
        let game = try arena.play()
        #expect(game.validations.map(\.step) == [0, 4, 8])
        #expect(game.checkpoints.map(\.validationLoss) == game.validations.dropFirst().map(\.loss))
    }

    @Test func checkpointsAreSavedAtIntervalsAndIterationEnds() throws {
        let arena = try Arena(rows: 12)
        arena.configuration.train.saveInterval = 2
        let game = try arena.play()
        #expect(game.checkpoints.map(\.step) == [2, 3, 4, 6])
        #expect(game.checkpoints.map(\.iteration) == [0, 1, 1, 2])
        #expect(game.checkpoints.map(\.isIterationEnd) == [false, true, false, true])
        #expect(game.checkpoints.first?.id == "ckpt_abcdefgh_2")
        let names = [
            "config.json", "generation_config.json", "model.safetensors",
            "optimizer.safetensors", "trainer_state.json",
        ]
        #expect(game.checkpoints.allSatisfy { $0.files.map(\.name) == names })
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: arena.folder.path("checkpoints"))
        #expect(
            folders.sorted() == [
                "step-00000002", "step-00000003", "step-00000004", "step-00000006",
            ])
    }

    @Test func aCheckpointIsAModelLikeAnyOther() throws {
        let arena = try Arena(rows: 8)
        let game = try arena.play()
        arena.modelPath = try #require(game.checkpoints.first).path
        let summary = try arena.makeEngine().inspectModel(path: arena.modelPath)
        #expect(summary.family == "llama" && summary.format == "huggingface")
        #expect(summary.vocabularySize == 40 && !summary.hasTokenizer)
        let next = try arena.play()
        // The reference policy of iteration 1 is the model of this game's iteration 0.
        #expect(next.validations.first?.loss == game.iterations.first?.validationLoss)
    }

    @Test func samplesCarryTheirRowsAndLogProbabilities() throws {
        let arena = try Arena(rows: 8)
        let game = try arena.play()
        let rows = TinyData.rows(8)
        #expect(game.samples.map(\.index) == Array(0..<8) + Array(0..<8))
        for sample in game.samples {
            #expect(sample.row == sample.index && sample.epoch == 0)
            #expect(sample.sourceIteration == sample.iteration)
            #expect(sample.promptIDs == rows[sample.row].prompt)
            #expect(sample.actualIDs == rows[sample.row].response)
            #expect(sample.prompt == nil && sample.generated == nil)
            #expect(sample.referenceLogpActual < 0 && sample.referenceLogpGenerated < 0)
            #expect((1...6).contains(sample.generatedIDs.count))
        }
        let first = game.samples.filter { $0.iteration == 0 }.map(\.generatedIDs)
        #expect(first != game.samples.filter { $0.iteration == 1 }.map(\.generatedIDs))
    }

    @Test func otherSeedsGiveOtherResponses() throws {
        let arena = try Arena(rows: 8)
        let first = try arena.play().samples.map(\.generatedIDs)
        arena.archive.forget(iteration: 0)
        arena.archive.forget(iteration: 1)
        arena.configuration.seed = 99
        #expect(try arena.play().samples.map(\.generatedIDs) != first)
    }

    @Test func regenerateEpochDrawsFreshResponsesForEveryEpoch() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.spin.maxIterations = 1
        arena.configuration.spin.maxEpochs = 2
        arena.configuration.spin.regenerate = .epoch
        let game = try arena.play()
        #expect(game.samples.map(\.index) == Array(0..<16))
        #expect(
            game.samples.map(\.epoch) == [Int](repeating: 0, count: 8)
                + [Int](repeating: 1, count: 8))
        let byEpoch = (0..<2).map { epoch in
            game.samples.filter { $0.epoch == epoch }.map(\.generatedIDs)
        }
        #expect(byEpoch[0] != byEpoch[1])
        // Means of all pairs of an epoch, from two steps of four pairs each.
        for epoch in 0..<2 {
            let lengths = byEpoch[epoch].reduce(0) { $0 + $1.count }
            let steps = game.steps.filter { $0.epoch == epoch }
            let mean = steps.reduce(0) { $0 + ($1.avgGeneratedLengths ?? 0) } / 2
            #expect(abs(mean - Double(lengths) / 8) < 1e-12)
        }
    }

    @Test func previousPairsAreMixedInUnderTheNewReference() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.spin.previousIterations = 1
        let game = try arena.play()
        #expect(game.steps.count == 2 + 4)
        #expect(game.iterations.map(\.pairs) == [8, 16])
        let before = game.samples.filter { $0.iteration == 0 }
        let own = game.samples.filter { $0.iteration == 1 && $0.sourceIteration == 1 }
        let mixed = game.samples.filter { $0.iteration == 1 && $0.sourceIteration == 0 }
        #expect(mixed.map(\.index) == Array(8..<16))
        #expect(mixed.map(\.generatedIDs) == before.map(\.generatedIDs))
        #expect(mixed.map(\.referenceLogpActual) == own.map(\.referenceLogpActual))
        // The same responses, but the policy has moved.
        #expect(
            zip(mixed, before).allSatisfy {
                $0.referenceLogpGenerated != $1.referenceLogpGenerated
            })
        #expect(abs(game.steps[2].loss - log(2)) < Self.firstLossTolerance)
    }

    @Test func verifyReferenceFindsStoredLogProbabilitiesRight() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.spin.verifyReference = true
        arena.configuration.spin.previousIterations = 1
        let game = try arena.play()
        for record in game.iterations {
            let difference = try #require(record.referenceDifference)
            // Kernels add in different orders; sums are of at most 7 terms.
            #expect(difference < 1e-4)
        }
        #expect(game.warnings.isEmpty)
    }

    @Test func truncatedPairsCanBeDropped() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.spin.maxIterations = 1
        arena.configuration.train.globalBatchSize = 8
        arena.configuration.train.microBatchSize = 8
        arena.configuration.spin.truncated = .dropPair
        let game = try arena.play()
        let kept = game.samples.filter { $0.stopReason != .length }
        try #require(!kept.isEmpty && kept.count < 8)
        let lengths = kept.reduce(0) { $0 + $1.generatedIDs.count }
        let mean = Double(lengths) / Double(kept.count)
        #expect(abs((game.steps[0].avgGeneratedLengths ?? 0) - mean) < 1e-12)
    }

    @Test func aBatchWithoutAnyPairLeftIsAWarningNotANumber() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.spin.maxIterations = 1
        arena.configuration.spin.truncated = .dropPair
        // Nothing ends within one token when the stop token is banned for it.
        arena.configuration.spin.lengthParams.maxLength = 1
        arena.configuration.spin.lengthParams.minLength = 1
        let game = try arena.play()
        #expect(game.steps.map(\.loss) == [log(2), log(2)])
        #expect(game.steps.allSatisfy { $0.gradNorm == 0 && $0.accuracy == nil })
        #expect(game.warnings.count == 2)
        #expect(game.validations.first?.loss == game.validations.last?.loss)
    }

    @Test func plainFineTuningGeneratesNothing() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.method = .sft
        arena.configuration.spin.maxEpochs = 3
        arena.configuration.optim.sched.name = .constant
        let game = try arena.play()
        #expect(game.samples.isEmpty)
        #expect(game.steps.count == 12)
        #expect(game.steps.allSatisfy { $0.loss == $0.sftLoss })
        #expect(game.steps.allSatisfy { $0.accuracy == nil && $0.klPenalty == nil })
        #expect((game.steps.last?.loss ?? 9) < (game.steps.first?.loss ?? 0))
        #expect(game.iterations.allSatisfy { $0.klPenalty == nil && $0.endMargin == nil })
        // Token-weighted: with one batch of all rows the first step's loss is the rows' own.
        arena.configuration.train.globalBatchSize = 8
        arena.validationPath = arena.datasetPath
        let whole = try arena.play()
        #expect(abs(whole.steps[0].loss - (whole.validations.first?.loss ?? 0)) < 1e-5)
    }

    @Test func movingTheMomentsAwayChangesNoBit() throws {
        let arena = try Arena(rows: 8)
        let stay = try arena.play()
        let other = try Arena(rows: 8)
        other.configuration.spin.offloadAdamStates = true
        let moved = try other.play()
        #expect(
            stay.checkpoints.last?.files.map(\.sha256)
                == moved.checkpoints.last?.files.map(\.sha256))
        let left = try FileManager.default.contentsOfDirectory(
            atPath: other.folder.path("checkpoints"))
        #expect(left.allSatisfy { $0.hasPrefix("step-") })
    }

    @Test func resettingTheOptimizerStartsItsCountAnew() throws {
        let arena = try Arena(rows: 8)
        let kept = try arena.play()
        let other = try Arena(rows: 8)
        other.configuration.optim.resetEachIteration = true
        let reset = try other.play()
        #expect(kept.checkpoints.first?.files == reset.checkpoints.first?.files)
        #expect(kept.checkpoints.last?.files != reset.checkpoints.last?.files)
        let path = try #require(reset.checkpoints.last).path + "/trainer_state.json"
        let state = try JSONParser.parse([UInt8](Data(contentsOf: URL(filePath: path))))
        #expect(state["optimizer_updates"]?.integer == 2)
        #expect(state["step"]?.integer == 4)
    }

    @Test func aLimitedIterationGeneratesOnlyWhatItTrainsOn() throws {
        let arena = try Arena(rows: 40)
        arena.configuration.train.limitTrainBatches = .count(2)
        let game = try arena.play()
        #expect(game.iterations.map(\.pairs) == [8, 8])
        #expect(game.steps.count == 4)
    }

    @Test func aRunThatDivergesSaysWhereAndSavesNothingBroken() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.train.gradientClipVal = nil
        arena.configuration.optim.learningRate = .constant(10)
        arena.configuration.optim.sched.name = .constant
        arena.configuration.optim.sched.warmupRatio = 0
        // Every update multiplies the weights by 1 − lr · decay = −999.
        arena.configuration.optim.weightDecay = 100
        arena.configuration.spin.maxEpochs = 20
        arena.configuration.train.valCheckInterval = nil
        let error = #expect(throws: SpinError.self) { _ = try arena.play() }
        #expect(error?.code == .diverged)
        #expect(error?.message.contains("step") == true)
    }
}
