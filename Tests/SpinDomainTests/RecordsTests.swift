import SpinDomain
import Testing

struct DurationTextTests {
    @Test(arguments: [
        (0, "00:00:00:00"), (59, "00:00:00:59"), (3661, "00:01:01:01"), (93_784, "01:02:03:04"),
        (86_400 * 10_000, "10000:00:00:00"),
    ])
    func secondsAndTextAreTheSame(seconds: Int, text: String) {
        #expect(DurationText.write(seconds) == text)
        #expect(DurationText.parse(text) == seconds)
    }

    @Test(arguments: [
        "", "1", "00:00:00", "00:24:00:00", "00:00:60:00", "00:00:00:60", "-1:00:00:00",
        "10001:00:00:00", "a:00:00:00", "00:00:00:00:00", "0:0:0:", "99999999999999999999:0:0:0",
    ])
    func otherTextIsRefused(text: String) {
        #expect(DurationText.parse(text) == nil)
    }
}

struct TimestampTests {
    // Seconds from `date -u -d … +%s`.
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (4_107_542_399_000_000, "2100-02-28T23:59:59.000000Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        (1_795_385_746_000_123, "2026-11-22T22:15:46.000123Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
    ])
    func aMomentIsWrittenAsRFC3339(microseconds: Int, text: String) {
        #expect(Timestamp(microseconds: microseconds).text == text)
    }

    @Test func momentsAreOrdered() {
        let early = Timestamp(microseconds: 1_000_000)
        let late = Timestamp(microseconds: 3_500_000)
        #expect(early < late)
        #expect(late.seconds(since: early) == 2.5)
    }
}

struct JobStatusTests {
    @Test(arguments: JobStatus.allCases)
    func aFinalStatusLeadsOnlyBackToTheQueue(status: JobStatus) {
        let edges = JobStatus.allCases.filter(status.canBecome)
        #expect(status.isFinal == (edges == [.queued, .waiting]))
        #expect(!edges.contains(status))
    }

    @Test func theEdgesAreThese() {
        let edges: [JobStatus: Set<JobStatus>] = [
            .queued: [.running, .paused, .waiting, .cancelled, .failed],
            .running: [.queued, .paused, .waiting, .succeeded, .failed, .cancelled],
            .paused: [.queued, .waiting, .cancelled], .waiting: [.queued, .paused, .cancelled],
            .succeeded: [.queued, .waiting], .failed: [.queued, .waiting],
            .cancelled: [.queued, .waiting],
        ]
        for (status, expected) in edges {
            #expect(Set(JobStatus.allCases.filter(status.canBecome)) == expected)
        }
        #expect(edges.count == JobStatus.allCases.count)
    }

    @Test func everyUnfinishedJobCanBeCancelled() {
        #expect(JobStatus.allCases.allSatisfy { $0.isFinal || $0.canBecome(.cancelled) })
    }
}

struct StepMetricsTests {
    @Test func everyNameHasAValueAndScaledRewardsAreTimesThePenalty() {
        var row = StepMetrics(
            step: 3, iteration: 1, epoch: 2, loss: 0.5, sftLoss: 1.5, gradNorm: 2,
            learningRate: 1e-6,
            consumedSamples: 48, stepTime: 0.25, tokensPerSecond: 100)
        #expect(row.value("acc") == nil)
        #expect(row.value("scaled_rewards_margin_mean") == nil)
        row.accuracy = 0.75
        row.klPenalty = 0.5
        row.rewardsActualMean = 2
        row.rewardsGeneratedMean = -4
        row.rewardsAllMean = -1
        row.rewardsAllStd = 3
        row.rewardsMarginMean = 6
        row.logpsActualMean = -10
        row.logpsGeneratedMean = -20
        row.avgGeneratedLengths = 12
        row.saturatedFraction = 0
        row.identicalFraction = 0.125
        row.rolloutTokensPerSecond = 400
        row.referenceTokensPerSecond = 800
        row.mfu = 0.75
        row.residentBytes = 1 << 31
        row.peakResidentBytes = 1 << 32
        let expected: [String: Double] = [
            "step": 3, "iteration": 1, "epoch": 2, "loss": 0.5, "acc": 0.75,
            "rewards_actual_mean": 2, "rewards_generated_mean": -4, "rewards_all_mean": -1,
            "rewards_all_std": 3, "rewards_margin_mean": 6, "scaled_rewards_actual_mean": 1,
            "scaled_rewards_generated_mean": -2, "scaled_rewards_margin_mean": 3,
            "kl_penalty": 0.5, "logps_actual_mean": -10, "logps_generated_mean": -20,
            "avg_generated_lengths": 12, "saturated_fraction": 0, "identical_fraction": 0.125,
            "sft_loss": 1.5, "grad_norm": 2, "lr": 1e-6, "consumed_samples": 48,
            "step_time": 0.25, "tokens_per_second": 100, "rollout_tokens_per_second": 400,
            "reference_tokens_per_second": 800, "mfu": 0.75, "resident_bytes": 2_147_483_648,
            "peak_resident_bytes": 4_294_967_296,
        ]
        #expect(Set(StepMetrics.names) == Set(expected.keys))
        for (name, value) in expected { #expect(row.value(name) == value) }
        #expect(row.value("colour") == nil)
    }
}

struct BatchLimitTests {
    @Test(arguments: [
        (BatchLimit.fraction(1), 7, 7), (.fraction(0.5), 7, 3), (.fraction(0), 7, 0),
        (.count(3), 7, 3), (.count(9), 7, 7),
    ])
    func aLimitIsAShareOrACountOfSteps(limit: BatchLimit, total: Int, steps: Int) {
        #expect(limit.steps(of: total) == steps)
    }
}

struct PerIterationTests {
    @Test func theLastValueHoldsWhenAListIsShort() {
        #expect(PerIteration.constant(0.5).value(iteration: 9) == 0.5)
        let list = PerIteration.list([1, 2])
        #expect([0, 1, 2].map(list.value(iteration:)) == [1, 2, 2])
        #expect(list.extended(to: 4) == .list([1, 2, 2, 2]))
        #expect(list.extended(to: 1) == list)
        #expect(PerIteration.constant(3).extended(to: 9) == .constant(3))
    }
}

struct RunControlTests {
    @Test func aStrongerRequestStays() {
        let control = RunControl(allowedIterations: 1)
        #expect(control.request == .goOn)
        control.ask(.cancel)
        control.ask(.pause)
        #expect(control.request == .cancel)
    }

    @Test func whatWasAllowedStaysAllowedUntilItIsLimited() {
        let control = RunControl(allowedIterations: 1)
        control.allow(iterations: 3)
        control.allow(iterations: 2, steps: 5)
        #expect(control.mayPlay(iteration: 2, step: 100))
        #expect(!control.mayPlay(iteration: 3, step: 5))
        #expect(control.mayPlay(iteration: 3, step: 4))
        control.limit(iterations: 2)
        #expect(!control.mayPlay(iteration: 2, step: 5))
        #expect(control.mayPlay(iteration: 1, step: 5))
    }

    @Test func aRequestToSaveIsTakenOnce() {
        let control = RunControl(allowedIterations: 1)
        #expect(!control.takeSaveRequest())
        control.askToSave()
        control.askToSave()
        #expect(control.takeSaveRequest())
        #expect(!control.takeSaveRequest())
    }

    @Test func penaltiesChangeOnlyWhenTheyAreWrittenDown() throws {
        let control = RunControl(allowedIterations: 2, klPenalty: .constant(1))
        #expect(control.begin(iteration: 0) == .constant(1))
        #expect(throws: SpinError.self) {
            try control.change(klPenalty: .constant(2)) { begun in
                #expect(begun == 1)
                throw SpinError(.conflict, "no")
            }
        }
        #expect(control.begin(iteration: 1) == .constant(1))
        try control.change(klPenalty: .constant(3)) { #expect($0 == 2) }
        #expect(control.begin(iteration: 1) == .constant(3))
    }
}
