import Jobs
import SpinDomain
import Testing

/// The pure parts: how runs end, what is kept, how long it takes.
struct RunLogicTests {
    private static let outcomes: [RunOutcome] = [
        .finished, .paused(reason: "time limit"), .waiting, .cancelled, .interrupted,
    ]

    private static func ending(
        _ outcome: RunOutcome, _ request: RunControl.Request = .goOn, isResumeAsked: Bool = false,
        isAllowedMore: Bool = true, isAutomatic: Bool = false
    ) -> RunEnding {
        RunEnding(
            .success(outcome), request: request, isResumeAsked: isResumeAsked,
            isAllowedMore: isAllowedMore, isAutomatic: isAutomatic)
    }

    @Test func everyEndingIsAPathOfLegalEdges() {
        let requests: [RunControl.Request] = [.goOn, .interrupt, .pause, .cancel]
        for outcome in Self.outcomes {
            for request in requests {
                for flags in 0..<8 {
                    let path = Self.ending(
                        outcome, request, isResumeAsked: flags & 1 > 0,
                        isAllowedMore: flags & 2 > 0, isAutomatic: flags & 4 > 0
                    ).path
                    #expect(!path.isEmpty)
                    for (old, new) in zip([.running] + path, path) {
                        #expect(old.canBecome(new), "\(outcome) \(request): \(old) to \(new)")
                    }
                }
            }
        }
    }

    @Test func theLastWishCountsWhenTheRunEndedForAnotherReason() {
        #expect(Self.ending(.finished, .cancel).path == [.succeeded])
        #expect(Self.ending(.paused(reason: "r"), .cancel).path == [.cancelled])
        #expect(Self.ending(.waiting, .cancel).path == [.cancelled])
        #expect(Self.ending(.interrupted, .pause).path == [.paused])
        #expect(Self.ending(.waiting, .pause).path == [.paused])
        #expect(
            Self.ending(.paused(reason: "r"), .pause, isResumeAsked: true).path == [
                .paused, .queued,
            ])
        #expect(Self.ending(.paused(reason: "time limit")).detail == "time limit")
        #expect(Self.ending(.waiting, isAllowedMore: true).path == [.queued])
        #expect(Self.ending(.waiting, isAllowedMore: false).path == [.waiting])
        let early = Self.ending(.waiting, isAllowedMore: false, isAutomatic: true)
        #expect(early.path == [.succeeded])
        #expect(early.detail?.contains("early") == true)
        #expect(Self.ending(.interrupted).path == [.queued])
    }

    @Test func anEndingThatWasHalfStoredGoesOnFromThere() {
        let ending = Self.ending(.paused(reason: "r"), .pause, isResumeAsked: true)
        #expect(ending.path(from: .running) == [.paused, .queued])
        #expect(ending.path(from: .paused) == [.queued])
        #expect(ending.path(from: .queued) == [])
    }

    private static func checkpoint(
        _ step: Int, iteration: Int, isEnd: Bool = false, loss: Double? = nil
    ) -> CheckpointRecord {
        CheckpointRecord(
            id: "\(step)", jobID: "j", step: step, iteration: iteration, isIterationEnd: isEnd,
            path: "", files: [], validationLoss: loss, createdAt: Timestamp(microseconds: 0))
    }

    /// Newest first, in iteration 1, which began at step 4.
    private static let checkpoints = [
        checkpoint(7, iteration: 1, loss: 5), checkpoint(6, iteration: 1),
        checkpoint(5, iteration: 1, loss: 1), checkpoint(4, iteration: 1, isEnd: true, loss: 4),
        checkpoint(3, iteration: 0, loss: 2), checkpoint(2, iteration: 0),
    ]

    @Test(arguments: [
        (0, CheckpointOptions.Monitor.step, [6, 5, 3, 2]), (1, .step, [6, 5, 3, 2]),
        (2, .step, [5, 3, 2]), (9, .step, []), (0, .valLoss, [6, 5, 3, 2]),
        (1, .valLoss, [6, 3, 2]), (2, .valLoss, [6, 2]), (5, .valLoss, [2]),
    ])
    func whatIsNotKeptGoes(
        keep: Int, monitor: CheckpointOptions.Monitor, removed: [Int]
    ) {
        var options = CheckpointOptions()
        options.keep = keep
        options.monitor = monitor
        let removable = Retention.removable(Self.checkpoints, options: options)
        #expect(removable.map(\.step) == removed)
    }

    @Test func keepingAllRemovesNothing() {
        var options = CheckpointOptions()
        options.keep = nil
        #expect(Retention.removable(Self.checkpoints, options: options) == [])
    }

    @Test func remainingTimeIsStepsAndRolloutsAtTheirPace() {
        var remaining = RemainingTime(iterations: 3)
        var progress = JobProgress()
        progress.totalSteps = 30
        #expect(remaining.seconds(progress) == nil)
        // 4 samples in 2 s.
        remaining.rolloutProgressed(done: 2, total: 10, at: Timestamp(microseconds: 0))
        remaining.rolloutProgressed(done: 6, total: 10, at: Timestamp(microseconds: 2_000_000))
        remaining.stepFinished(seconds: 3)
        progress.step = 10
        progress.rolloutTotal = 10
        progress.rolloutDone = 6
        // 20 steps of 3 s, and 4 + 2 · 10 samples of 0.5 s.
        #expect(remaining.seconds(progress) == 72)
        progress.step = 30
        progress.iteration = 2
        progress.rolloutDone = 10
        #expect(remaining.seconds(progress) == 0)
    }
}
