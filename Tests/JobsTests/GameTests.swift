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

    @Test func theRowOfACheckpointComesAfterTheStepsBeforeIt() throws {
        let faults = FaultyStore.Faults()
        let rig = try Rig(wrapping: { FaultyStore($0, faults) })
        let store = rig.store
        let rows = Mutex<[Int]>([])
        faults.observe { call in
            guard call == .insertCheckpoint,
                let job = try? store.jobs(status: .running, limit: 1, after: nil).elements.first?.id
            else { return }
            let steps = try? store.steps(job: job, iteration: nil, afterStep: nil, limit: 99)
            rows.withLock { $0.append(steps?.elements.count ?? 0) }
        }
        try rig.runner.start()
        let job = try rig.submit(Rig.configuration { $0.train.saveInterval = 1 })
        try rig.wait(job, for: .succeeded)
        #expect(rows.withLock { $0 } == Array(1...8))
        #expect(try store.checkpoints(job: job).map(\.step) == Array(1...8).reversed())
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

    @Test func priorityAndPlaceDecideWhoRunsNext() throws {
        let rig = try Rig()
        let order = Mutex<[String]>([])
        rig.engine.onEveryMoment { job, moment in
            if moment == .loading { order.withLock { $0.append(job) } }
        }
        let jobs = try (0..<4).map { _ in try rig.submit() }
        func change(_ index: Int, priority: Int, position: Int? = nil) throws {
            let change = JobChange(queuePosition: position) { configuration in
                var configuration = configuration
                configuration.priority = priority
                return configuration
            }
            _ = try rig.runner.change(job: jobs[index], change, version: nil)
        }
        try change(2, priority: 1)
        try change(3, priority: 0, position: 2)
        try rig.runner.start()
        for job in jobs { try rig.wait(job, for: .succeeded) }
        #expect(order.withLock { $0 } == [2, 3, 0, 1].map { jobs[$0] })
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
