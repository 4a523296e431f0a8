import Jobs
import SpinDomain
import Synchronization
import Testing

struct EarlyStopTests {
    @Test(
        arguments: [
            ([], 1, false), ([3], 1, false), ([3, 2], 1, false), ([3, 3], 1, true),
            ([3, 4], 1, true), ([3, 4], 2, false), ([3, 4, 3.5], 2, true), ([3, 4, 2], 2, false),
            ([3, 2, 4, 5, 1], 3, false), ([3, 2, 4, 5, 6], 3, true),
        ] as [([Double], Int, Bool)])
    func patienceCountsFromTheBestLoss(losses: [Double], patience: Int, isDue: Bool) {
        #expect(EarlyStop.isDue(losses: losses, patience: patience) == isDue)
    }

    /// The scripted losses after the iterations are 7, 2, 8, 3, 9, 4.
    private static func configuration(
        _ patience: Int, mode: JobConfiguration.Mode = .auto
    ) -> JobConfiguration {
        Rig.configuration(iterations: 6) {
            $0.validationDataset = "pairs"
            $0.spin.earlyStop = patience
            $0.mode = mode
        }
    }

    @Test(arguments: [(1, 3), (2, 4), (9, 6)])
    func aGameEndsWhenIterationsNoLongerHelp(patience: Int, played: Int) throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(Self.configuration(patience))
        let ended = try rig.wait(job, for: .succeeded)
        #expect(ended.progress.iteration == played)
        #expect((ended.statusDetail?.contains("early") == true) == (played < 6))
        let told = try rig.store.alerts(job: job).map(\.type)
        #expect(told.contains("alert.early_stop") == (played < 6))
        // 8 after 2 is worse, and so is 9 after 3.
        #expect(told.count { $0 == "alert.validation_worse" } == (played < 5 ? 1 : 2))
    }

    @Test(arguments: ScriptedEngine.momentsOfTwoIterations)
    func aKillForgetsNoEarlyStop(moment: ScriptedEngine.Moment) throws {
        let rig = try Rig()
        let killed = Mutex<String?>(nil)
        rig.engine.onEveryMoment { _, now in
            // The same moment, an iteration later.
            if now == moment.later(iterations: 1) {
                let copy = try rig.copyOfFolder()
                killed.withLock { $0 = copy }
            }
        }
        try rig.runner.start()
        let job = try rig.submit(Self.configuration(1))
        try rig.wait(job, for: .succeeded)
        guard let folder = killed.withLock({ $0 }) else { return }
        let second = try Rig(folder: folder)
        try second.runner.start()
        #expect(try second.wait(job, for: .succeeded).progress.iteration == 3)
    }

    @Test func aManualJobWaitsAndMayGoOn() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(Self.configuration(1, mode: .manual))
        _ = try rig.runner.step(job: job, iterations: 6)
        let waiting = try rig.wait(job, for: .waiting, .succeeded)
        #expect(waiting.status == .waiting)
        #expect(waiting.progress.iteration == 3)
        _ = try rig.runner.step(job: job, iterations: 1)
        #expect(try rig.wait(job, for: .waiting, .succeeded).progress.iteration == 4)
    }

    @Test func aGameThatEndedEarlyPlaysOnWhenAsked() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(Self.configuration(1))
        try rig.wait(job, for: .succeeded)
        let change = JobChange(asksForIterations: true) { $0 }
        #expect(try rig.runner.change(job: job, change, version: nil).status == .queued)
        // And is asked again after the next iteration.
        #expect(try rig.wait(job, for: .succeeded).progress.iteration == 4)
    }
}

extension ScriptedEngine.Moment {
    fileprivate func later(iterations: Int) -> Self {
        switch self {
        case .loading, .end: self
        case .wave(let iteration, let wave): .wave(iteration: iteration + iterations, wave)
        case .boundary(let step):
            .boundary(step: step + iterations * ScriptedEngine.stepsPerIteration)
        }
    }
}
