import Glibc
import SelfPlay
import SpinDomain
import Testing
import Transformer

struct CostTests {
    /// The machine's own, since the peak is measured with it.
    private struct RealClock: Clock {
        func now() -> Timestamp {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Timestamp(microseconds: time.tv_sec * 1_000_000 + time.tv_nsec / 1000)
        }
    }

    @Test func stepsSayWhatTheyCost() throws {
        let arena = try Arena()
        arena.clock = RealClock()
        arena.measuresPeak = true
        let run = try arena.play()
        let environment = try #require(run.environment)
        let peak = try #require(environment.peakOperations)
        #expect(peak > 0)
        #expect(environment.threads == 1)
        #expect(!run.steps.isEmpty)
        for step in run.steps {
            let mfu = try #require(step.mfu)
            #expect(mfu > 0)
            #expect(try #require(step.rolloutTokensPerSecond) > 0)
            #expect(try #require(step.referenceTokensPerSecond) > 0)
            #expect(try #require(step.residentBytes) > 0)
            #expect(try #require(step.peakResidentBytes) > 0)
        }
    }

    @Test func aRunsOperationsAreThoseOfItsParts() throws {
        let arena = try Arena()
        let setting = try ModelSetting(path: arena.plan.sources.modelPath)
        let decoder = setting.decoder
        let rows = [DataRow(prompt: [1, 2, 3], response: [4, 5])]
        var configuration = arena.configuration
        configuration.train.globalBatchSize = 1
        configuration.train.valCheckInterval = nil
        let plan = GamePlan(configuration, rows: rows.count)
        let operations = RunOperations(
            decoder, configuration, plan: plan, rows: rows, validationRows: rows,
            lengths: LengthRule(configuration, contextLength: decoder.contextLength))

        // Three rows of the prompt and one of each response; both first tokens have one row.
        let forward = FloatOperations(decoder)
        let pair = forward.forward(positions: [0, 1, 2, 3, 3], scored: [2, 3, 3])
        let single = forward.forward(positions: [0, 1, 2, 3], scored: [2, 3])
        let iterations = Double(plan.iterations.count)
        #expect(operations.training == 3 * pair * Double(plan.totalSteps))
        #expect(operations.rollout == pair * iterations * Double(plan.draws))
        #expect(operations.validation == single * (iterations + 1))
        #expect(operations.seconds(peak: 1e9) == 2 * operations.seconds(peak: 2e9))
    }

    @Test func theEstimateKnowsTimeAndDisk() throws {
        let arena = try Arena()
        #expect(try arena.makeEngine().check(arena.plan).seconds == nil)
        arena.clock = RealClock()
        arena.measuresPeak = true
        let estimate = try arena.makeEngine().check(arena.plan)
        #expect(try #require(estimate.seconds) > 0)
        #expect(estimate.diskBytes > 0)
        #expect(estimate.diskBytes.isMultiple(of: estimate.checkpointBytes))
    }

    @Test func withoutAPeakThereIsNoMFU() throws {
        let run = try Arena().play()
        #expect(run.environment?.peakOperations == nil)
        #expect(run.steps.allSatisfy { $0.mfu == nil })
    }

    @Test func storedSamplesHaveNoSpeed() throws {
        let arena = try Arena()
        arena.configuration.spin.maxIterations = 1
        // Stopped when all samples are stored and no step is done.
        let first = try arena.play { event, control in
            if case .phase(.train) = event { control.ask(.interrupt) }
        }
        #expect(first.outcome == .interrupted)
        let second = try arena.play(from: first.checkpoints.last)
        #expect(second.outcome == .finished)
        let resumed = second.steps.filter { step in !first.steps.contains { $0.step == step.step } }
        #expect(!resumed.isEmpty)
        #expect(resumed.allSatisfy { $0.rolloutTokensPerSecond == nil })
        #expect(resumed.allSatisfy { $0.referenceTokensPerSecond == nil })
    }

    @Test func phasesThatTakeTurnsAreSummedApart() {
        // A millisecond passes with every look at the clock.
        let times = PhaseTimes<Int>(SteppingClock())
        times.begin(1)
        times.begin(2)
        times.begin(1)
        times.end()
        times.end()
        #expect(times.seconds(1) == 0.002)
        #expect(times.seconds(2) == 0.001)
        #expect(times.seconds(3) == 0)
    }
}
