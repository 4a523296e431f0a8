import Jobs
import SpinDomain
import Synchronization
import Testing

/// Commands that come at each moment of a run.
struct CommandTests {
    @Test(arguments: ScriptedEngine.momentsOfTwoIterations)
    func pauseAndResumeChangeNothingInTheResult(moment: ScriptedEngine.Moment) throws {
        let rig = try Rig()
        let runner = rig.runner
        let isAsked = Mutex(false)
        rig.engine.onEveryMoment { job, now in
            guard now == moment, !isAsked.withLock({ $0 }) else { return }
            isAsked.withLock { $0 = true }
            let asked = try runner.pause(job: job)
            #expect(asked.status == .running)
            #expect(asked.statusDetail == "pause requested")
            #expect(try runner.pause(job: job).version == asked.version)
        }
        try runner.start()
        let job = try rig.submit()
        let paused = try rig.wait(job, for: .paused, .succeeded)
        // A pause that comes after the last step comes too late.
        #expect(paused.status == (moment == .end ? .succeeded : .paused))
        if paused.status == .paused {
            #expect(paused.statusDetail == "paused")
            #expect(try runner.pause(job: job) == paused)
            #expect(try runner.resume(job: job).status == .queued)
        }
        try rig.wait(job, for: .succeeded)
        let result = try GameResult(rig.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
        // What was stored was not generated again.
        #expect(rig.engine.generatedSamples == 12)
    }

    @Test(arguments: ScriptedEngine.momentsOfTwoIterations)
    func cancelEndsARunForGood(moment: ScriptedEngine.Moment) throws {
        let rig = try Rig()
        let runner = rig.runner
        rig.engine.onEveryMoment { job, now in
            guard now == moment else { return }
            _ = try runner.pause(job: job)
            #expect(try runner.cancel(job: job).statusDetail == "cancel requested")
            #expect(try runner.pause(job: job).statusDetail == "cancel requested")
        }
        try runner.start()
        let job = try rig.submit()
        let ended = try rig.wait(job, for: .cancelled, .succeeded)
        guard moment != .end else { return }
        #expect(ended.status == .cancelled)
        #expect(try runner.cancel(job: job) == ended)
        expectCode(.conflict) { try runner.resume(job: job) }
        expectCode(.conflict) { try runner.pause(job: job) }
    }

    @Test(arguments: ScriptedEngine.momentsOfTwoIterations)
    func resumeBeforeThePauseIsReachedGoesOn(moment: ScriptedEngine.Moment) throws {
        let rig = try Rig()
        let runner = rig.runner
        let isAsked = Mutex(false)
        rig.engine.onEveryMoment { job, now in
            guard now == moment, !isAsked.withLock({ $0 }) else { return }
            isAsked.withLock { $0 = true }
            _ = try runner.pause(job: job)
            #expect(try runner.resume(job: job).status == .running)
        }
        try runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .succeeded)
        let result = try GameResult(rig.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
    }

    @Test func manualJobsPlayOnlyWhatIsAskedFor() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(Rig.configuration(iterations: 3) { $0.mode = .manual })
        #expect(try rig.store.job(job).status == .waiting)
        for played in 1...2 {
            #expect(try rig.runner.step(job: job, iterations: 1).status == .queued)
            let waiting = try rig.wait(job, for: .waiting, .succeeded)
            #expect(waiting.status == .waiting)
            #expect(waiting.progress.iteration == played)
            #expect(try rig.store.iterations(job: job).count == played)
        }
        // More than there are is all there are.
        #expect(try rig.runner.step(job: job, iterations: Int.max).allowedIterations == 3)
        try rig.wait(job, for: .succeeded)
        let error = expectCode(.conflict) { try rig.runner.step(job: job, iterations: 1) }
        #expect(error?.message.contains("succeeded") == true)
    }

    /// A game in pieces of so many steps, which need not end where iterations do.
    @Test(arguments: [1, 3, 5, 8, 100])
    func stepsInPiecesGiveTheWholeGame(size: Int) throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(Rig.configuration { $0.mode = .manual })
        var done = 0
        while done + size < 8 {
            #expect(try rig.runner.step(job: job, steps: size).status == .queued)
            done += size
            let waiting = try rig.wait(job, for: .waiting, .succeeded)
            #expect(waiting.status == .waiting)
            #expect(waiting.progress.step == done)
            #expect(waiting.allowedSteps == done)
            #expect(try rig.store.checkpoints(job: job).first?.step == done)
        }
        _ = try rig.runner.step(job: job, steps: size)
        try rig.wait(job, for: .succeeded)
        let result = try GameResult(rig.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
    }

    @Test func anIterationThatStepsHaveBegunIsTheFirstThatIsPlayed() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(Rig.configuration(iterations: 3) { $0.mode = .manual })
        _ = try rig.runner.step(job: job, steps: 5)
        #expect(try rig.wait(job, for: .waiting).progress.iteration == 1)
        #expect(try rig.runner.step(job: job, iterations: 1).allowedIterations == 2)
        #expect(try rig.wait(job, for: .waiting).progress.step == 8)
        _ = try rig.runner.step(job: job, steps: Int.max)
        try rig.wait(job, for: .succeeded)
    }

    @Test func stepsAreRefusedWhileIterationsAreStillToBePlayed() throws {
        let rig = try Rig()
        let job = try rig.submit(Rig.configuration { $0.mode = .manual })
        expectCode(.invalid) { try rig.runner.step(job: job, steps: 0) }
        _ = try rig.runner.step(job: job, iterations: 1)
        expectCode(.conflict) { try rig.runner.step(job: job, steps: 1) }
        try rig.runner.start()
        try rig.wait(job, for: .waiting)
        #expect(try rig.runner.step(job: job, steps: 9).allowedSteps == 13)
        try rig.wait(job, for: .succeeded)
        let error = expectCode(.conflict) { try rig.runner.step(job: job, steps: 1) }
        #expect(error?.hint?.contains("max_iterations") == true)
    }

    @Test func moreStepsThanThereAreCannotBeAskedFor() throws {
        let rig = try Rig()
        let runner = rig.runner
        rig.engine.onEveryMoment { job, now in
            guard now == .boundary(step: 1) else { return }
            _ = try runner.step(job: job, steps: 7)
            let error = expectCode(.conflict) { try runner.step(job: job, steps: 1) }
            #expect(error?.message.contains("all 8 steps") == true)
        }
        try runner.start()
        let job = try rig.submit(Rig.configuration { $0.mode = .manual })
        _ = try runner.step(job: job, steps: 2)
        try rig.wait(job, for: .succeeded)
    }

    @Test func aCheckpointIsSavedAtTheNextBoundaryWhenAskedFor() throws {
        let rig = try Rig()
        let runner = rig.runner
        rig.engine.onEveryMoment { job, now in
            guard now == .wave(iteration: 0, 0) || now == .boundary(step: 6) else { return }
            let asked = try runner.saveCheckpoint(job: job)
            #expect(asked.status == .running)
        }
        let job = try rig.submit()
        expectCode(.conflict) { try runner.saveCheckpoint(job: job) }
        try runner.start()
        try rig.wait(job, for: .succeeded)
        // The first step is the first boundary that has something to save.
        #expect(try rig.store.checkpoints(job: job).map(\.step) == [8, 6, 4, 1])
        let result = try GameResult(rig.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
        let error = expectCode(.conflict) { try runner.saveCheckpoint(job: job) }
        #expect(error?.message.contains("succeeded") == true)
    }

    @Test(arguments: ScriptedEngine.momentsOfTwoIterations)
    func stepDuringARunIsNotForgotten(moment: ScriptedEngine.Moment) throws {
        let rig = try Rig()
        let runner = rig.runner
        let isAsked = Mutex(false)
        rig.engine.onEveryMoment { job, now in
            guard now == moment, !isAsked.withLock({ $0 }) else { return }
            isAsked.withLock { $0 = true }
            if try rig.store.job(job).allowedIterations < 2 {
                #expect(try runner.step(job: job, iterations: 1).status == .running)
            } else {
                let error = expectCode(.conflict) { try runner.step(job: job, iterations: 1) }
                #expect(error?.message.contains("all 2 iterations") == true)
            }
        }
        try runner.start()
        let job = try rig.submit(Rig.configuration { $0.mode = .manual })
        _ = try runner.step(job: job, iterations: 1)
        let first = try rig.wait(job, for: .waiting, .succeeded)
        if first.status == .waiting { _ = try runner.step(job: job, iterations: 1) }
        try rig.wait(job, for: .succeeded)
        let result = try GameResult(rig.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
    }

    @Test func whatTheStatusForbidsIsAConflictThatNamesIt() throws {
        let rig = try Rig()
        let runner = rig.runner
        let automatic = try rig.submit()
        let manual = try rig.submit(Rig.configuration { $0.mode = .manual })
        func expectConflict(_ word: String, _ body: () throws -> Job) {
            let error = expectCode(.conflict, body)
            #expect(error?.message.contains(" is \(word) ") == true, "\(error?.message ?? "")")
        }
        expectConflict("queued") { try runner.step(job: automatic, iterations: 1) }
        expectConflict("waiting") { try runner.resume(job: manual) }
        expectCode(.invalid) { try runner.step(job: manual, iterations: 0) }
        expectCode(.notFound) { try runner.pause(job: "job_none") }
        #expect(try runner.resume(job: automatic).status == .queued)
        #expect(try runner.pause(job: automatic).status == .paused)
        #expect(try runner.pause(job: manual).status == .paused)
        expectConflict("paused") { try runner.step(job: manual, iterations: 1) }
        #expect(try runner.resume(job: automatic).status == .queued)
        #expect(try runner.resume(job: manual).status == .waiting)
        #expect(try runner.cancel(job: automatic).status == .cancelled)
        #expect(try runner.cancel(job: manual).status == .cancelled)
        expectConflict("cancelled") { try runner.pause(job: manual) }
        expectConflict("cancelled") { try runner.step(job: manual, iterations: 1) }
    }
}
