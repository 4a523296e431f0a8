import Jobs
import SpinDomain
import Synchronization
import Testing

/// Changes of a job's iterations and KL penalties.
struct ChangeTests {
    private static func iterations(_ count: Int) -> JobChange {
        JobChange(asksForIterations: true) { configuration in
            var configuration = configuration
            configuration.spin.maxIterations = count
            return configuration
        }
    }

    private static func penalties(_ penalty: PerIteration) -> JobChange {
        JobChange { configuration in
            var configuration = configuration
            configuration.spin.refPolicyKLPenalty = penalty
            return configuration
        }
    }

    @Test func aJobThatSucceededPlaysOn() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(Rig.configuration(iterations: 1))
        try rig.wait(job, for: .succeeded)
        let extended = try rig.runner.change(job: job, Self.iterations(2), version: nil)
        #expect(extended.status == .queued)
        #expect(extended.finishedAt == nil)
        #expect(extended.allowedIterations == 2)
        try rig.wait(job, for: .succeeded)
        // The same game as one that had two iterations from the beginning.
        let result = try GameResult(rig.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
        #expect(try rig.events(job).contains { $0.type == "job.extended" })
        let error = expectCode(.invalid) {
            try rig.runner.change(job: job, Self.iterations(1), version: nil)
        }
        #expect(error?.problems.map(\.pointer) == ["/spin/max_iterations"])
    }

    @Test func anotherChangeOfAJobThatSucceededLeavesItThere() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(Rig.configuration(iterations: 1))
        try rig.wait(job, for: .succeeded)
        let renamed = try rig.runner.change(
            job: job,
            JobChange { configuration in
                var configuration = configuration
                configuration.name = "second"
                return configuration
            }, version: nil)
        #expect(renamed.status == .succeeded)
        // Asking for what it has changes nothing.
        #expect(try rig.runner.change(job: job, Self.iterations(1), version: nil) == renamed)
        for checkpoint in try rig.store.checkpoints(job: job) {
            try rig.runner.deleteCheckpoint(checkpoint.id)
        }
        let error = expectCode(.conflict) {
            try rig.runner.change(job: job, Self.iterations(2), version: nil)
        }
        #expect(error?.hint?.contains("/clone") == true)
    }

    @Test func manualJobsWaitForTheirNewIterations() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(Rig.configuration(iterations: 1) { $0.mode = .manual })
        _ = try rig.runner.step(job: job, iterations: 1)
        try rig.wait(job, for: .succeeded)
        #expect(
            try rig.runner.change(job: job, Self.iterations(2), version: nil).status == .waiting)
        _ = try rig.runner.step(job: job, iterations: 1)
        try rig.wait(job, for: .succeeded)
        #expect(try rig.store.job(job).progress.step == 8)
    }

    @Test func aRunningJobGetsItsIterationsInAPause() throws {
        let rig = try Rig()
        let runner = rig.runner
        let isAsked = Mutex(false)
        rig.engine.onEveryMoment { job, now in
            guard now == .boundary(step: 2), !isAsked.withLock({ $0 }) else { return }
            isAsked.withLock { $0 = true }
            let error = expectCode(.conflict) {
                try runner.change(job: job, Self.iterations(2), version: nil)
            }
            #expect(error?.hint?.contains("/pause") == true)
            _ = try runner.pause(job: job)
        }
        try runner.start()
        let job = try rig.submit(Rig.configuration(iterations: 1))
        try rig.wait(job, for: .paused)
        let changed = try runner.change(job: job, Self.iterations(2), version: nil)
        #expect(changed.status == .paused)
        _ = try runner.resume(job: job)
        try rig.wait(job, for: .succeeded)
        let result = try GameResult(rig.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
    }

    @Test func aPenaltyChangesForIterationsThatHaveNotBegun() throws {
        let rig = try Rig()
        let runner = rig.runner
        rig.engine.onEveryMoment { job, now in
            guard now == .boundary(step: 1) else { return }
            let error = expectCode(.conflict) {
                try runner.change(job: job, Self.penalties(.constant(2)), version: nil)
            }
            #expect(error?.message.contains("iteration 0 has begun") == true)
            #expect(error?.hint?.contains("[0.1,2.0,2.0]") == true, "\(error?.hint ?? "")")
            _ = try runner.change(job: job, Self.penalties(.list([0.1, 2, 3])), version: nil)
        }
        try runner.start()
        let job = try rig.submit(Rig.configuration(iterations: 3))
        try rig.wait(job, for: .succeeded)
        #expect(try rig.store.iterations(job: job).map(\.klPenalty) == [0.1, 2, 3])
        let late = expectCode(.conflict) {
            try runner.change(job: job, Self.penalties(.list([0.1, 2, 4])), version: nil)
        }
        #expect(late?.message.contains("iteration 2") == true)
    }

    @Test(arguments: ScriptedEngine.momentsOfTwoIterations)
    func aPenaltyIsTakenWheneverItsIterationHasNotBegun(moment: ScriptedEngine.Moment) throws {
        let rig = try Rig()
        let runner = rig.runner
        let isTaken = Mutex<Bool?>(nil)
        rig.engine.onEveryMoment { job, now in
            guard now == moment else { return }
            let change = Self.penalties(.list([0.1, 7]))
            let taken = Result { try runner.change(job: job, change, version: nil) }
            isTaken.withLock { $0 = (try? taken.get()) != nil }
        }
        try runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .succeeded)
        let second = try rig.store.iterations(job: job).last?.klPenalty
        #expect(second == (isTaken.withLock { $0 } == true ? 7 : 0.1))
    }

    @Test func aPausedIterationKeepsItsPenaltyAlsoWhileItIsLoaded() throws {
        let rig = try Rig()
        let runner = rig.runner
        let isPaused = Mutex(false)
        let change = Self.penalties(.list([0.1, 9]))
        rig.engine.onEveryMoment { job, now in
            if now == .boundary(step: 6), !isPaused.withLock({ $0 }) {
                isPaused.withLock { $0 = true }
                _ = try runner.pause(job: job)
            } else if now == .loading, isPaused.withLock({ $0 }) {
                expectCode(.conflict) { try runner.change(job: job, change, version: nil) }
            }
        }
        try runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .paused)
        expectCode(.conflict) { try runner.change(job: job, change, version: nil) }
        _ = try runner.resume(job: job)
        try rig.wait(job, for: .succeeded)
        #expect(try rig.store.iterations(job: job).map(\.klPenalty) == [0.1, 0.1])
    }

    @Test func aChangeDependsOnTheVersionThatProgressDoesNotRaise() throws {
        let rig = try Rig()
        let runner = rig.runner
        rig.engine.onEveryMoment { job, now in
            guard now == .boundary(step: 6) else { return }
            let version = try rig.store.job(job).version
            expectCode(.conflict) {
                try runner.change(
                    job: job, Self.penalties(.constant(0.1)), version: version - 1)
            }
            // Created, running: nothing else has changed in six steps.
            #expect(version == 2)
            _ = try runner.change(job: job, Self.penalties(.constant(0.1)), version: version)
        }
        try runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .succeeded)
    }
}
