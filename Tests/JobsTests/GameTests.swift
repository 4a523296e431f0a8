import Foundation
import Jobs
import SpinDomain
import Synchronization
import Testing

struct GameTests {
    @Test func aGameLeavesAllItsRows() throws {
        let result = try GameResult.undisturbed()
        #expect(result.steps.map(\.step) == Array(0..<8))
        #expect(result.steps.map(\.iteration) == [0, 0, 0, 0, 1, 1, 1, 1])
        #expect(result.samples.count == 12)
        #expect(result.validations.map(\.step) == [4, 8])
        #expect(result.iterations.map(\.isFinished) == [true, true])
        #expect(result.iterations.map(\.referenceCheckpoint) == [nil, "there"])
        #expect(result.lastCheckpointStep == 8)
    }

    @Test func eventsTellTheGameInOrder() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit()
        let ended = try rig.wait(job, for: .succeeded)
        let iteration = [
            "iteration.started", "validation", "iteration.finished", "checkpoint.saved",
        ]
        let events = try rig.events(job)
        #expect(
            events.map(\.type) == ["job.created", "job.started"] + iteration + iteration
                + ["job.succeeded"])
        #expect(ended.progress.step == 8)
        #expect(ended.progress.iteration == 2)
        #expect(ended.progress.totalSteps == 8)
        #expect(ended.progress.phase == nil)
        #expect(ended.finishedAt != nil)
    }

    @Test func checkpointsComeAfterTheStepsBeforeThem() throws {
        let rig = try Rig()
        let store = rig.store
        let seen = Mutex<[Int: Int]>([:])
        rig.engine.onEveryMoment { job, moment in
            for checkpoint in try store.checkpoints(job: job) {
                let rows = try store.steps(job: job, iteration: nil, afterStep: nil, limit: 99)
                let before = rows.elements.count { $0.step < checkpoint.step }
                seen.withLock { $0[checkpoint.step] = before }
            }
        }
        try rig.runner.start()
        let job = try rig.submit(Rig.configuration { $0.train.saveInterval = 1 })
        try rig.wait(job, for: .succeeded)
        #expect(seen.withLock { $0 } == [1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8])
    }

    @Test func jobsRunOneAfterTheOtherInTheOrderOfSubmission() throws {
        let rig = try Rig()
        let order = Mutex<[String]>([])
        rig.engine.onEveryMoment { job, moment in
            if moment == .loading || moment == .end { order.withLock { $0.append(job) } }
        }
        let jobs = try (0..<5).map { _ in try rig.submit() }
        try rig.runner.start()
        for job in jobs { try rig.wait(job, for: .succeeded) }
        #expect(order.withLock { $0 } == jobs.flatMap { [$0, $0] })
    }

    @Test func nothingRunsBeforeTheStart() throws {
        let rig = try Rig()
        let job = try rig.submit()
        rig.runner.shutdown(deadlineSeconds: 10)
        try rig.runner.start()
        #expect(try rig.store.job(job).status == .queued)
        #expect(rig.engine.generatedSamples == 0)
    }

    @Test func shutdownSavesAndTheNextStartGoesOn() throws {
        let rig = try Rig()
        let runner = rig.runner
        rig.engine.onEveryMoment { _, moment in
            // Cannot stop within no time, since it is the run that asks.
            guard moment == .boundary(step: 5) else { return }
            #expect(!runner.shutdown(deadlineSeconds: 0))
        }
        try runner.start()
        let job = try rig.submit()
        let other = try rig.submit()
        let stopped = try rig.wait(job) { $0.status == .queued && $0.startedAt != nil }
        #expect(runner.shutdown(deadlineSeconds: 60))
        #expect(stopped.progress.step == 5)
        #expect(try rig.store.checkpoints(job: job).first?.step == 5)
        #expect(try rig.store.job(other).status == .queued)
        let second = try Rig(folder: rig.copyOfFolder())
        try second.runner.start()
        try second.wait(job, for: .succeeded)
        try second.wait(other, for: .succeeded)
        let result = try GameResult(second.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
    }

    @Test func everythingFollowsFromTheStoreAfterAMove() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .succeeded)
        let copy = try rig.copyOfFolder()
        let second = try Rig(folder: copy)
        try second.runner.start()
        let paths = try second.store.checkpoints(job: job).map(\.path)
        #expect(
            paths == ["\(copy)/checkpoints/\(job)/step-8", "\(copy)/checkpoints/\(job)/step-4"])
        #expect(paths.allSatisfy(FileManager.default.fileExists(atPath:)))
    }
}
