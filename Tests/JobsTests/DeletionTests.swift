import Foundation
import Jobs
import SpinDomain
import Testing

struct DeletionTests {
    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    @Test func deletingAJobRemovesItsCheckpoints() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .succeeded)
        let folder = "\(rig.folder)/checkpoints/\(job)"
        #expect(Self.exists(folder))
        try rig.runner.delete(job: job)
        #expect(!Self.exists(folder))
        expectCode(.notFound) { try rig.store.job(job) }
        expectCode(.notFound) { try rig.runner.delete(job: job) }
    }

    @Test func aRunningJobIsNotDeleted() throws {
        let rig = try Rig()
        let runner = rig.runner
        rig.engine.onEveryMoment { job, now in
            if now == .boundary(step: 3) { expectCode(.conflict) { try runner.delete(job: job) } }
        }
        try runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .succeeded)
    }

    @Test func aPausedJobKeepsWhatItNeedsToGoOn() throws {
        let rig = try Rig()
        let runner = rig.runner
        rig.engine.onEveryMoment { job, now in
            if now == .boundary(step: 6) { _ = try runner.pause(job: job) }
        }
        try runner.start()
        let job = try rig.submit(Rig.configuration { $0.train.saveInterval = 1 })
        try rig.wait(job, for: .paused)
        let checkpoints = try rig.store.checkpoints(job: job)
        #expect(checkpoints.map(\.step) == [6, 5, 4, 3, 2, 1])
        // The newest, and the reference policy of its iteration.
        for step in [6, 4] {
            let needed = try #require(checkpoints.first { $0.step == step })
            expectCode(.conflict) { try runner.deleteCheckpoint(needed.id) }
            #expect(Self.exists(needed.path))
        }
        let spare = checkpoints[1]
        try runner.deleteCheckpoint(spare.id)
        #expect(!Self.exists(spare.path))
        #expect(try rig.events(job).last?.type == "checkpoint.deleted")
        expectCode(.notFound) { try runner.deleteCheckpoint(spare.id) }
        _ = try runner.cancel(job: job)
        try runner.deleteCheckpoint(checkpoints[0].id)
    }

    @Test func aCheckpointThatIsAModelStays() throws {
        let rig = try Rig()
        try rig.runner.start()
        let first = try rig.submit()
        try rig.wait(first, for: .succeeded)
        let checkpoint = try #require(try rig.store.checkpoints(job: first).first)
        let user = try rig.submit(
            Rig.configuration {
                $0.model = checkpoint.id
                $0.mode = .manual
            })
        let error = expectCode(.conflict) { try rig.runner.deleteCheckpoint(checkpoint.id) }
        #expect(error?.message.contains(user) == true)
        expectCode(.conflict) { try rig.runner.delete(job: first) }
        #expect(Self.exists(checkpoint.path))
        _ = try rig.runner.cancel(job: user)
        var model = try rig.store.model("tiny")
        model.name = "registered"
        model.path = checkpoint.path + "/"
        try rig.store.insert(model: model)
        expectCode(.conflict) { try rig.runner.deleteCheckpoint(checkpoint.id) }
        try rig.store.delete(model: "registered")
        try rig.runner.delete(job: first)
        #expect(!Self.exists(checkpoint.path))
    }

    @Test(arguments: CheckpointOptions.Monitor.allCases)
    func whatIsPinnedStays(monitor: CheckpointOptions.Monitor) throws {
        let rig = try Rig()
        let runner = rig.runner
        rig.engine.onEveryMoment { job, now in
            guard now == .boundary(step: 3) else { return }
            for checkpoint in try rig.store.checkpoints(job: job) where checkpoint.step == 2 {
                let pinned = try runner.changeCheckpoint(
                    checkpoint.id, isPinned: true, note: "keep")
                #expect(pinned.note == "keep")
            }
        }
        try runner.start()
        let job = try rig.submit(
            Rig.configuration {
                $0.train.saveInterval = 1
                $0.checkpoint.keep = 2
                $0.checkpoint.monitor = monitor
            })
        try rig.wait(job, for: .succeeded)
        // Besides what would have stayed without it.
        let kept = monitor == .step ? [8, 7, 2] : [8, 5, 2]
        let checkpoints = try rig.store.checkpoints(job: job)
        #expect(checkpoints.map(\.step) == kept)
        let pinned = try #require(checkpoints.last)
        for delete in [
            { try runner.deleteCheckpoint(pinned.id) }, { try runner.delete(job: job) },
        ] {
            let error = expectCode(.conflict, delete)
            #expect(error?.message.contains("pinned") == true)
        }
        #expect(Self.exists(pinned.path))
        let free = try runner.changeCheckpoint(pinned.id, isPinned: false, note: .some(nil))
        #expect(free.note == nil)
        try runner.deleteCheckpoint(pinned.id)
        #expect(!Self.exists(pinned.path))
    }

    @Test func aRunKeepsOnlyWhatItsConfigurationSays() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(
            Rig.configuration {
                $0.train.saveInterval = 1
                $0.checkpoint.keep = 2
                $0.checkpoint.monitor = .step
            })
        try rig.wait(job, for: .succeeded)
        #expect(try rig.store.checkpoints(job: job).map(\.step) == [8, 7])
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: "\(rig.folder)/checkpoints/\(job)")
        #expect(folders.sorted() == ["step-7", "step-8"])
        #expect(try rig.events(job).count { $0.type == "checkpoint.deleted" } == 6)
    }

    @Test func aRunKeepsTheBestByValidationLossAndTheNewest() throws {
        let rig = try Rig()
        try rig.runner.start()
        let job = try rig.submit(
            Rig.configuration {
                $0.train.saveInterval = 1
                $0.checkpoint.keep = 2
            })
        try rig.wait(job, for: .succeeded)
        // 7·step mod 11 + 1 at steps 1 … 8 is 8, 4, 11, 7, 3, 10, 6, 2.
        #expect(try rig.store.checkpoints(job: job).map(\.step) == [8, 5])
    }
}
