import Foundation
import Jobs
import SpinDomain
import Synchronization
import Testing

/// What a new process makes of the data folder of one that was killed.
struct RecoveryTests {
    @Test(arguments: ScriptedEngine.momentsOfTwoIterations, [nil, 1])
    func aKilledRunEndsLikeOneThatWasNot(moment: ScriptedEngine.Moment, saveInterval: Int?) throws {
        let rig = try Rig()
        let killed = Mutex<String?>(nil)
        rig.engine.onEveryMoment { job, now in
            guard now == moment else { return }
            let copy = try rig.copyOfFolder()
            let partial = "\(copy)/checkpoints/\(job)/step-7.partial"
            try FileManager.default.createDirectory(
                atPath: partial, withIntermediateDirectories: true)
            killed.withLock { $0 = copy }
        }
        try rig.runner.start()
        let job = try rig.submit(Rig.configuration { $0.train.saveInterval = saveInterval })
        try rig.wait(job, for: .succeeded)
        let folder = try #require(killed.withLock { $0 })

        let second = try Rig(folder: folder)
        #expect(try second.store.job(job).status == .running)
        try second.runner.start()
        try second.wait(job, for: .succeeded)
        let result = try GameResult(second.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
        #expect(try second.events(job).count { $0.type == "job.recovered" } == 1)
        let left = try FileManager.default.contentsOfDirectory(
            atPath: "\(folder)/checkpoints/\(job)")
        #expect(Set(left) == Set(try second.store.checkpoints(job: job).map { "step-\($0.step)" }))
    }

    @Test(arguments: [("pause", JobStatus.paused), ("cancel", .cancelled), ("nothing", .succeeded)])
    func whatARunningJobWasAskedForHoldsAfterAKill(asked: String, end: JobStatus) throws {
        let rig = try Rig()
        let killed = Mutex<String?>(nil)
        rig.engine.onEveryMoment { [weak rig] job, now in
            let isFirst = killed.withLock { $0 == nil }
            guard now == .boundary(step: 2), isFirst, let rig else { return }
            switch asked {
            case "pause": _ = try rig.runner.pause(job: job)
            case "cancel": _ = try rig.runner.cancel(job: job)
            default:
                // A pause that was taken back is none.
                _ = try rig.runner.pause(job: job)
                _ = try rig.runner.resume(job: job)
            }
            let copy = try rig.copyOfFolder()
            killed.withLock { $0 = copy }
        }
        try rig.runner.start()
        let job = try rig.submit()
        try rig.wait(job) { $0.status != .running && $0.status != .queued }
        let second = try Rig(folder: killed.withLock { $0 })
        #expect(try second.store.job(job).status == .running)
        try second.runner.start()
        let state = try second.wait(job, for: .paused, .cancelled, .succeeded)
        #expect(state.status == end)
        #expect(state.askedFor == nil)
    }

    @Test func rowsWithoutFolderGoWithAWarning() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .succeeded)
        let copy = try rig.copyOfFolder()
        try FileManager.default.removeItem(atPath: "\(copy)/checkpoints/\(job)/step-4")
        let second = try Rig(folder: copy)
        try second.runner.start()
        #expect(try second.store.checkpoints(job: job).map(\.step) == [8])
        #expect(try second.events(job).last?.type == "warning")
    }

    @Test func foldersOfDeletedJobsGoAndForeignOnesStay() throws {
        let rig = try Rig()
        _ = try rig.submit()
        let copy = try rig.copyOfFolder()
        for name in ["job_gone", "notes"] {
            try FileManager.default.createDirectory(
                atPath: "\(copy)/checkpoints/\(name)/step-1", withIntermediateDirectories: true)
        }
        let second = try Rig(folder: copy)
        second.engine.onEveryMoment { _, _ in throw SpinError(.internal, "not now") }
        try second.runner.start()
        #expect(!FileManager.default.fileExists(atPath: "\(copy)/checkpoints/job_gone"))
        #expect(FileManager.default.fileExists(atPath: "\(copy)/checkpoints/notes"))
    }

    @Test func anEmptyStoreBesideFullFoldersRemovesNothing() throws {
        let rig = try Rig()
        let path = "\(rig.folder)/checkpoints/job_precious/step-1"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try rig.runner.start()
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func aRaisedAllowanceThatNeverReachedTheQueueDoes() throws {
        let rig = try Rig()
        let job = try rig.submit(Rig.configuration { $0.mode = .manual })
        _ = try rig.store.update(job: job, version: nil) { $0.allowedIterations = 1 }
        try rig.runner.start()
        let waiting = try rig.wait(job) { $0.status == .waiting && $0.startedAt != nil }
        #expect(waiting.progress.iteration == 1)
        #expect(try rig.events(job).contains { $0.type == "job.queued" })
    }

    @Test func aDamagedCheckpointGivesWayToTheOneBefore() throws {
        try damage(steps: [4], resumesFrom: 0)
    }

    @Test func damagedCheckpointsGiveWayUntilOneIsSound() throws {
        try damage(steps: [5, 6], resumesFrom: 4)
        try damage(steps: [4, 5, 6], resumesFrom: 3)
    }

    /// Pauses a run, spoils the checkpoints of these steps, and resumes it.
    private func damage(steps: [Int], resumesFrom expectedStart: Int) throws {
        let rig = try Rig()
        let runner = rig.runner
        let last = steps.max() ?? 0
        let isPaused = Mutex(false)
        let start = Mutex<Int?>(nil)
        rig.engine.onEveryMoment { job, now in
            guard case .boundary(let step) = now else { return }
            if isPaused.withLock({ $0 }) {
                start.withLock { $0 = $0 ?? step }
            } else if step == last {
                isPaused.withLock { $0 = true }
                _ = try runner.pause(job: job)
            }
        }
        try runner.start()
        let job = try rig.submit(Rig.configuration { $0.train.saveInterval = last > 4 ? 1 : nil })
        try rig.wait(job, for: .paused)
        for step in steps {
            try Data("spoilt".utf8).write(
                to: URL(
                    fileURLWithPath:
                        "\(rig.folder)/checkpoints/\(job)/step-\(step)/model.safetensors"))
        }
        _ = try runner.resume(job: job)
        try rig.wait(job, for: .succeeded)
        #expect(start.withLock { $0 } == expectedStart)
        #expect(try rig.events(job).count { $0.type == "warning" } == steps.count)
        let aside = "\(rig.folder)/checkpoints/\(job)/step-\(last).damaged"
        #expect(FileManager.default.fileExists(atPath: aside))
        let result = try GameResult(rig.store, job)
        let expected = try GameResult.undisturbed()
        #expect(result == expected)
        // Samples are stored apart from checkpoints, so even then none is generated twice.
        #expect(rig.engine.generatedSamples == 12)
    }

    @Test func damagedSourcesAreNotBlamedOnTheCheckpoint() throws {
        let rig = try Rig()
        let runner = rig.runner
        rig.engine.onEveryMoment { job, now in
            if now == .boundary(step: 6) { _ = try runner.pause(job: job) }
        }
        try runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .paused)
        rig.engine.onCheck { _ in throw SpinError.damaged("pairs.jsonl", "is cut short") }
        _ = try runner.resume(job: job)
        let failed = try rig.wait(job, for: .failed)
        #expect(failed.statusDetail?.contains("pairs.jsonl") == true)
        #expect(try rig.store.checkpoints(job: job).map(\.step) == [6, 4])
    }
}
