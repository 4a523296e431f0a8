import SelfPlay
import SpinDomain
import Testing

@Suite struct LearningRateScheduleTests {
    private static let tolerance = 1e-15

    private func rates(
        _ change: (inout OptimizerOptions) -> Void, iterations: Int = 1, steps: Int = 10
    ) -> [Double] {
        var configuration = JobConfiguration(name: "n", model: "m", dataset: "d")
        configuration.spin.maxIterations = iterations
        configuration.train.globalBatchSize = 1
        configuration.optim.learningRate = .constant(1)
        configuration.optim.sched.warmupRatio = 0
        change(&configuration.optim)
        let plan = GamePlan(configuration, rows: steps)
        let schedule = LearningRateSchedule(configuration.optim, totalSteps: plan.totalSteps)
        return plan.iterations.flatMap { iteration in
            (iteration.firstStep..<iteration.endStep).map { schedule.rate(step: $0, in: iteration) }
        }
    }

    private func expect(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        for (left, right) in zip(found, expected) { #expect(abs(left - right) < Self.tolerance) }
    }

    @Test func constantStaysAtThePeakAfterWarmUp() {
        // W = ⌊0.4 · 5⌋ = 2: (s + 1)/3 of the peak.
        let found = rates(
            {
                $0.sched.name = .constant
                $0.sched.warmupRatio = 0.4
            }, steps: 5)
        expect(found, [1.0 / 3, 2.0 / 3, 1, 1, 1])
    }

    @Test func linearFallsToTheMinimum() {
        // p = s/4; min + (peak − min)(1 − p)
        let found = rates(
            {
                $0.sched.name = .linear
                $0.sched.minLR = 0.2
            }, steps: 4)
        expect(found, [1, 0.8, 0.6, 0.4])
    }

    @Test func cosinePassesTheMiddleHalfway() {
        let found = rates({ $0.sched.minLR = 0.5 }, steps: 4)
        // ½(1 + cos πp) at p = 0, ¼, ½, ¾
        expect(
            found,
            [1, 0.5 + 0.5 * 0.853_553_390_593_273_8, 0.75, 0.5 + 0.5 * 0.146_446_609_406_726_24])
    }

    @Test func scopeIterationBeginsAnewAndScopeRunDoesNot() {
        let anew = rates(
            {
                $0.sched.name = .linear
                $0.sched.scope = .iteration
            }, iterations: 2, steps: 2)
        expect(anew, [1, 0.5, 1, 0.5])
        let through = rates({ $0.sched.name = .linear }, iterations: 2, steps: 2)
        expect(through, [1, 0.75, 0.5, 0.25])
    }

    @Test func everyIterationMayHaveItsOwnPeak() {
        let found = rates(
            {
                $0.learningRate = .list([1, 0.5])
                $0.sched.name = .constant
            }, iterations: 2, steps: 2)
        expect(found, [1, 1, 0.5, 0.5])
    }

    @Test func warmUpStepsCountMoreThanTheRatio() {
        let found = rates(
            {
                $0.sched.name = .constant
                $0.sched.warmupRatio = 0.9
                $0.sched.warmupSteps = 1
            }, steps: 3)
        expect(found, [0.5, 1, 1])
    }
}
