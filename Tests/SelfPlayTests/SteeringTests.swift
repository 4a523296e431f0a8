import SelfPlay
import SpinDomain
import Testing

/// What can be asked of a run besides to stop.
@Suite struct SteeringTests {
    /// Two iterations of three steps.
    private func makeArena() throws -> Arena { try Arena(rows: 12) }

    private func lastFiles(_ transcript: Transcript) -> [CheckpointRecord.File]? {
        transcript.checkpoints.last?.files
    }

    @Test(arguments: [1, 2, 4])
    func stepsInPiecesGiveTheBitsOfTheWholeGame(size: Int) throws {
        let whole = try makeArena().play()
        let arena = try makeArena()
        var allowed = 0
        var last = Transcript()
        var checkpoint: CheckpointRecord?
        while last.outcome != .finished {
            try #require(allowed < 12)
            allowed += size
            last = try arena.play(
                from: checkpoint, allowedIterations: 0, allowedSteps: allowed)
            #expect(last.outcome == (allowed < 6 ? .waiting : .finished))
            checkpoint = last.checkpoints.last
            #expect(checkpoint?.step == min(allowed, 6))
        }
        #expect(lastFiles(last) == lastFiles(whole))
    }

    @Test func aPenaltyThatChangesBeforeItsIterationIsAsIfItHadAlwaysBeenThere() throws {
        let expected = try makeArena()
        expected.configuration.spin.refPolicyKLPenalty = .list([0.1, 0.7])
        let whole = try expected.play()
        let arena = try makeArena()
        arena.configuration.spin.refPolicyKLPenalty = .constant(0.1)
        let changed = try arena.play { event, control in
            guard case .stepFinished(let metrics) = event, metrics.step == 1 else { return }
            try control.change(klPenalty: .list([0.1, 0.7])) { #expect($0 == 1) }
        }
        #expect(changed.iterations.map(\.klPenalty) == [0.1, 0.7])
        #expect(lastFiles(changed) == lastFiles(whole))
    }

    @Test func aCheckpointIsSavedWhenAskedForAndChangesNothing() throws {
        let whole = try makeArena().play()
        let asked = try makeArena().play { event, control in
            if case .iterationStarted = event { control.askToSave() }
            if case .stepFinished(let metrics) = event, metrics.step == 4 { control.askToSave() }
        }
        #expect(asked.checkpoints.map(\.step) == [1, 3, 4, 5, 6])
        #expect(lastFiles(asked) == lastFiles(whole))
    }

    @Test(arguments: ScheduleOptions.Scope.allCases)
    func aLongerGameFollowsTheScheduleOverAllItsSteps(scope: ScheduleOptions.Scope) throws {
        let long = try makeArena()
        long.configuration.optim.sched.scope = scope
        let whole = try long.play()
        let arena = try makeArena()
        arena.configuration.optim.sched.scope = scope
        arena.configuration.spin.maxIterations = 1
        let short = try arena.play()
        #expect(short.outcome == .finished)
        arena.configuration.spin.maxIterations = 2
        let rest = try arena.play(from: short.checkpoints.last)
        #expect(rest.outcome == .finished)
        #expect(rest.steps.map(\.step) == [3, 4, 5])
        #expect(
            rest.steps.map(\.learningRate) == whole.steps.dropFirst(3).map(\.learningRate))
        // With a schedule of its own an iteration does not feel how many there are.
        #expect((lastFiles(rest) == lastFiles(whole)) == (scope == .iteration))
    }
}
