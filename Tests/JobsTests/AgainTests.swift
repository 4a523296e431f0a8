import Jobs
import SpinDomain
import Synchronization
import Testing

/// Jobs that are over, and go on none the less.
struct AgainTests {
    @Test(arguments: ScriptedEngine.momentsOfTwoIterations, [nil, 1])
    func aRetryGoesOnFromTheLastCheckpoint(
        moment: ScriptedEngine.Moment, saveInterval: Int?
    ) throws {
        let rig = try Rig()
        let hasFailed = Mutex(false)
        rig.engine.onEveryMoment { _, now in
            guard now == moment, !hasFailed.withLock({ $0 }) else { return }
            hasFailed.withLock { $0 = true }
            throw SpinError(.inputOutput, "a cable came loose")
        }
        try rig.runner.start()
        let job = try rig.submit(Rig.configuration { $0.train.saveInterval = saveInterval })
        #expect(try rig.wait(job, for: .failed).finishedAt != nil)
        let retried = try rig.runner.retry(job: job)
        #expect(retried.status == .queued)
        #expect(retried.statusDetail == nil)
        #expect(retried.finishedAt == nil)
        try rig.wait(job, for: .succeeded)
        let result = try GameResult(rig.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
        #expect(rig.engine.generatedSamples == 12)
        #expect(try rig.events(job).contains { $0.type == "job.retried" })
    }

    @Test func aCancelledJobCanBeRetried() throws {
        let rig = try Rig()
        let automatic = try rig.submit()
        let manual = try rig.submit(Rig.configuration { $0.mode = .manual })
        for job in [automatic, manual] { _ = try rig.runner.cancel(job: job) }
        #expect(try rig.runner.retry(job: automatic).status == .queued)
        #expect(try rig.runner.retry(job: automatic).status == .queued)
        #expect(try rig.runner.retry(job: manual).status == .waiting)
        let waiting = expectCode(.conflict) { try rig.runner.retry(job: manual) }
        #expect(waiting?.hint?.contains("/step") == true)
        _ = try rig.runner.pause(job: manual)
        let paused = expectCode(.conflict) { try rig.runner.retry(job: manual) }
        #expect(paused?.hint?.contains("/resume") == true)
        try rig.runner.start()
        try rig.wait(automatic, for: .succeeded)
        let succeeded = expectCode(.conflict) { try rig.runner.retry(job: automatic) }
        #expect(succeeded?.hint?.contains("/clone") == true)
    }

    @Test func aCloneIsANewJobWithAnotherConfiguration() throws {
        let rig = try Rig()
        let original = try rig.submit(
            Rig.configuration {
                $0.priority = 3
                $0.labels = ["a": "1", "b": "2"]
            })
        let patch: JSONValue = [
            "seed": 7, "labels": ["a": .null], "spin": ["max_iterations": 1], "priority": .null,
        ]
        let now = Timestamp(microseconds: 0)
        let key = IdempotencyKey(key: "k", fingerprint: "f", time: now)
        let (clone, isNew) = try rig.runner.clone(job: original, patch: patch, idempotency: key)
        #expect(isNew)
        #expect(clone.clonedFrom == original)
        #expect(clone.configuration.seed == 7)
        #expect(clone.configuration.labels == ["b": "2"])
        #expect(clone.configuration.spin.maxIterations == 1)
        #expect(clone.configuration.priority == 0)
        #expect(clone.configuration.dataset == "pairs")
        let again = try rig.runner.clone(job: original, patch: patch, idempotency: key)
        #expect(again.job.id == clone.id)
        #expect(!again.isNew)
        let other = IdempotencyKey(key: "k", fingerprint: "g", time: now)
        expectCode(.keyReused) {
            try rig.runner.clone(job: original, patch: [:], idempotency: other)
        }
        let error = expectCode(.invalid) {
            try rig.runner.clone(
                job: original, patch: ["model": "tinny", "sede": 1], idempotency: nil)
        }
        #expect(error?.problems.map(\.pointer) == ["/sede"])
        expectCode(.notFound) {
            try rig.runner.clone(job: "job_none", patch: [:], idempotency: nil)
        }
    }
}
