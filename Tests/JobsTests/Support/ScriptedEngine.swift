import Foundation
import SpinDomain
import Synchronization

/// A stand-in for the numeric wing that plays a tiny game in an instant.
///
/// It tells the events of a run in the order of the real one, heeds the control at the same places,
/// keeps real checkpoint folders, and everything it reports follows from seed and step alone.
final class ScriptedEngine: SelfPlayEngine {
    /// A place in a run where a test may step in.
    enum Moment: Equatable, Sendable {
        case loading
        case wave(iteration: Int, Int)
        case boundary(step: Int)
        case end
    }

    typealias Visit = @Sendable (_ jobID: String, Moment) throws -> Void

    struct Stop: Error {
        let outcome: RunOutcome
    }

    static let stepsPerIteration = 4
    static let waves = 2
    static let waveSize = 3

    /// Every moment of a game of two iterations.
    static let momentsOfTwoIterations: [Moment] =
        [.loading] + [0, 1].flatMap(moments(iteration:)) + [.end]

    private static func moments(iteration: Int) -> [Moment] {
        let first = iteration * stepsPerIteration
        return (0..<waves).map { .wave(iteration: iteration, $0) }
            + (first..<first + stepsPerIteration).map { .boundary(step: $0) }
    }

    private struct State {
        var visit: Visit?
        var check: (@Sendable (RunPlan) throws -> Void)?
        var measure: (@Sendable (inout StepMetrics) -> Void)?
        var generated = 0
    }

    private let state = Mutex(State())

    /// Called at every moment of every run, on the run's thread; what it throws ends the run.
    func onEveryMoment(_ visit: @escaping Visit) {
        state.withLock { $0.visit = visit }
    }

    func onCheck(_ check: @escaping @Sendable (RunPlan) throws -> Void) {
        state.withLock { $0.check = check }
    }

    /// Changes what a step reports.
    func onEveryStep(_ measure: @escaping @Sendable (inout StepMetrics) -> Void) {
        state.withLock { $0.measure = measure }
    }

    /// How many samples were written anew, over all runs.
    var generatedSamples: Int { state.withLock { $0.generated } }

    func inspectModel(path: String) throws -> ModelSummary {
        throw SpinError(.unsupported, "no models here")
    }

    func inspectDataset(path: String) throws -> DatasetSummary {
        throw SpinError(.unsupported, "no data sets here")
    }

    func check(_ plan: RunPlan) throws -> RunEstimate {
        try state.withLock { $0.check }?(plan)
        return RunEstimate(
            rows: Self.waves * Self.waveSize, fileRows: 6, tooLongRows: 0, validationRows: nil,
            stepsPerEpoch: Self.stepsPerIteration,
            totalSteps: plan.configuration.spin.maxIterations * Self.stepsPerIteration,
            parameters: 1, memoryBytes: 1, checkpointBytes: 1, warnings: [], firstRows: [])
    }

    func run(
        _ plan: RunPlan, from checkpoint: CheckpointRecord?, archive: any RolloutArchive,
        control: RunControl, report: (RunEvent) throws -> Void
    ) throws -> RunOutcome {
        let game = ScriptedGame(plan, archive, control) { moment in
            try self.state.withLock { $0.visit }?(plan.jobID, moment)
        } generated: { count in
            self.state.withLock { $0.generated += count }
        } measure: { metrics in
            self.state.withLock { $0.measure }?(&metrics)
        }
        let estimate = try check(plan)
        try game.resume(from: checkpoint)
        return try game.play(estimate, report)
    }
}
