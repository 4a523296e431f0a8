import Jobs
import SpinDomain
import Synchronization
import Testing

struct AlertTests {
    private static func metrics(
        _ step: Int = 0, loss: Double = 0.6, _ change: (inout StepMetrics) -> Void = { _ in }
    ) -> StepMetrics {
        var metrics = StepMetrics(
            step: step, iteration: 0, epoch: 0, loss: loss, sftLoss: 1, gradNorm: 1,
            learningRate: 1e-6, consumedSamples: 1, stepTime: 1, tokensPerSecond: 1)
        metrics.accuracy = 0.5
        metrics.rewardsActualMean = 1
        metrics.rewardsGeneratedMean = -1
        metrics.saturatedFraction = 0
        metrics.identicalFraction = 0
        change(&metrics)
        return metrics
    }

    private static func kinds(
        _ steps: [StepMetrics], _ options: AlertOptions = AlertOptions()
    ) -> [AlertWatch.Alert.Kind] {
        var watch = AlertWatch(options)
        watch.begin(iteration: 0)
        return steps.flatMap { watch.step($0) }.map(\.kind)
    }

    @Test func aHealthyRunIsQuiet() {
        var options = AlertOptions()
        options.kl = 1
        #expect(Self.kinds((0..<20).map { Self.metrics($0) }, options) == [])
    }

    @Test func eachSignHasItsAlertOnceAnIteration() {
        let steps = (0..<20).map { Self.metrics($0) }
        func changed(_ change: (inout StepMetrics) -> Void) -> [StepMetrics] {
            steps.map { step in
                var step = step
                change(&step)
                return step
            }
        }
        #expect(Self.kinds(changed { $0.saturatedFraction = 0.91 }) == [.saturated])
        #expect(Self.kinds(changed { $0.identicalFraction = 0.51 }) == [.starved])
        #expect(Self.kinds(changed { $0.gradNorm = .nan }) == [.notFinite])
        #expect(Self.kinds(changed { $0.loss = .infinity }) == [.notFinite])
        var options = AlertOptions()
        options.kl = 0.9
        #expect(Self.kinds(steps, options) == [.kl])
    }

    @Test func aCollapseIsAllThreeSignsTogether() {
        let collapsed = Self.metrics(loss: 0.1) {
            $0.accuracy = 1
            $0.rewardsActualMean = -0.5
        }
        #expect(Self.kinds([collapsed]) == [.collapse])
        let sound: [(inout StepMetrics) -> Void] = [
            { $0.loss = 0.5 }, { $0.accuracy = 0.8 }, { $0.rewardsActualMean = 0.1 },
        ]
        for heal in sound {
            var healthy = collapsed
            heal(&healthy)
            #expect(Self.kinds([healthy]) == [])
        }
    }

    @Test func oneOddStepAmongEightIsNoAlarm() {
        var steps = (0..<8).map { Self.metrics($0) }
        steps[7].saturatedFraction = 1
        #expect(Self.kinds(steps) == [])
    }

    @Test func nullNeverAlerts() {
        var options = AlertOptions()
        options.saturatedFraction = nil
        options.identicalFraction = nil
        options.collapseLoss = nil
        options.validationRise = nil
        let bad = Self.metrics(loss: 0) {
            $0.accuracy = 1
            $0.rewardsActualMean = -9
            $0.saturatedFraction = 1
            $0.identicalFraction = 1
        }
        #expect(Self.kinds([bad], options) == [])
        var watch = AlertWatch(options)
        #expect(watch.validation(9, before: 1) == [])
    }

    @Test func whatAnEarlierRunToldIsNotToldAgain() {
        var watch = AlertWatch(AlertOptions())
        let bad = Self.metrics { $0.saturatedFraction = 1 }
        watch.begin(iteration: 3, told: [.saturated])
        #expect(watch.step(bad) == [])
        watch.begin(iteration: 4)
        #expect(watch.step(bad).map(\.kind) == [.saturated])
    }

    @Test func alertsAreEventsAlsoAfterAPause() throws {
        let rig = try Rig()
        let runner = rig.runner
        let isPaused = Mutex(false)
        rig.engine.onEveryStep { $0.saturatedFraction = 1 }
        rig.engine.onEveryMoment { job, now in
            guard now == .boundary(step: 2), !isPaused.withLock({ $0 }) else { return }
            isPaused.withLock { $0 = true }
            _ = try runner.pause(job: job)
        }
        try runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .paused)
        _ = try runner.resume(job: job)
        try rig.wait(job, for: .succeeded)
        let alerts = try rig.store.alerts(job: job)
        // The validation loss falls from 7 to 2, so that nothing else is wrong.
        #expect(alerts.map(\.type) == ["alert.saturated", "alert.saturated"])
        #expect(alerts.map { $0.data["iteration"] } == [0, 1])
        #expect(alerts.first?.level == .warning)
        #expect(alerts.first?.data["limit"] == 0.9)
    }

    @Test func aRunThatDivergesIsAnAlertToo() throws {
        let rig = try Rig()
        rig.engine.onEveryMoment { _, now in
            guard now == .boundary(step: 3) else { return }
            throw SpinError(.diverged, "the loss of step 3 is not finite")
        }
        try rig.runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .failed)
        let alert = try #require(try rig.store.alerts(job: job).first)
        #expect(alert.type == "alert.not_finite")
        #expect(alert.level == .error)
        #expect(alert.message.contains("step 3"))
    }
}
