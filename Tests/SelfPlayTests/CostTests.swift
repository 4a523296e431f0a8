import Glibc
import SelfPlay
import SpinDomain
import Testing

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
