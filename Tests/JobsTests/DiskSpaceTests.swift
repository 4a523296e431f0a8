import Foundation
import Jobs
import SpinDomain
import Synchronization
import Testing

struct DiskSpaceTests {
    /// A disk that tests fill and empty.
    final class Disk: Sendable {
        private let bytes: Mutex<Int>

        init(_ bytes: Int = .max) { self.bytes = Mutex(bytes) }

        func isLeft(_ count: Int) { bytes.withLock { $0 = count } }

        @Sendable func free() -> Int { bytes.withLock { $0 } }
    }

    /// A rig whose disk is full from step 2 of the first job on.
    private func rigThatFillsUp(_ disk: Disk) throws -> Rig {
        let rig = try Rig(freeBytes: disk.free)
        let isFilled = Mutex(false)
        rig.engine.onEveryMoment { _, now in
            guard now == .boundary(step: 2), !isFilled.withLock({ $0 }) else { return }
            isFilled.withLock { $0 = true }
            disk.isLeft(Rig.reserveBytes - 1)
        }
        try rig.runner.start()
        return rig
    }

    @Test func aJobPausesOnAFullDiskAndGoesOnByItself() throws {
        let disk = Disk()
        let rig = try rigThatFillsUp(disk)
        let job = try rig.submit()
        let paused = try rig.wait(job, for: .paused)
        #expect(paused.pauseReason == .diskFull)
        #expect(paused.statusDetail?.contains("free some space") == true)
        disk.isLeft(.max)
        try rig.wait(job, for: .succeeded)
        let (result, expected) = (try GameResult(rig.store, job), try GameResult.undisturbed())
        #expect(result == expected)
        let types = try rig.events(job).map(\.type)
        #expect(types.filter { $0 == "job.paused" }.count == 1)
        #expect(types.filter { $0 == "job.resumed" }.count == 1)
    }

    @Test func aPersonWhoPausesItThenHasTheSay() throws {
        let disk = Disk()
        let rig = try rigThatFillsUp(disk)
        let job = try rig.submit()
        try rig.wait(job, for: .paused)
        #expect(try rig.runner.pause(job: job).pauseReason == nil)
        disk.isLeft(.max)
        // The runner has looked at the disk again when this one runs.
        try rig.wait(try rig.submit(), for: .succeeded)
        #expect(try rig.store.job(job).status == .paused)
        _ = try rig.runner.resume(job: job)
        try rig.wait(job, for: .succeeded)
    }

    @Test func aJobThatWaitsForSpaceCanBeCancelled() throws {
        let disk = Disk()
        let rig = try rigThatFillsUp(disk)
        let job = try rig.submit()
        try rig.wait(job, for: .paused)
        _ = try rig.runner.cancel(job: job)
        disk.isLeft(.max)
        try rig.wait(try rig.submit(), for: .succeeded)
        #expect(try rig.store.job(job).status == .cancelled)
    }

    @Test func theNextProcessLetsItGoOn() throws {
        let disk = Disk()
        let rig = try rigThatFillsUp(disk)
        let job = try rig.submit()
        try rig.wait(job, for: .paused)
        let next = try Rig(folder: try rig.copyOfFolder())
        try next.runner.start()
        try next.wait(job, for: .succeeded)
        let (result, expected) = (try GameResult(next.store, job), try GameResult.undisturbed())
        #expect(result == expected)
    }

    @Test func belowTheReserveNothingBeginsButAllCanBeRead() throws {
        let disk = Disk()
        let rig = try Rig(freeBytes: disk.free)
        let queued = try rig.submit()
        disk.isLeft(Rig.reserveBytes - 1)
        try rig.runner.start()
        let error = expectCode(.diskFull) { try rig.submit() }
        #expect(error?.hint?.contains("free some space") == true)
        #expect(try rig.store.job(queued).status == .queued)
        disk.isLeft(Rig.reserveBytes + 1)
        try rig.wait(queued, for: .succeeded)
    }

    @Test func aRunThatCouldNotSaveDoesNotBegin() throws {
        // The scripted checkpoints are said to take one byte.
        let disk = Disk(Rig.reserveBytes)
        let rig = try Rig(freeBytes: disk.free)
        let job = try rig.submit()
        try rig.runner.start()
        #expect(try rig.wait(job, for: .paused).pauseReason == .diskFull)
        #expect(rig.engine.generatedSamples == 0)
        disk.isLeft(Rig.reserveBytes + 1)
        try rig.wait(job, for: .succeeded)
        // It did not try in between.
        #expect(try rig.events(job).filter { $0.type == "job.started" }.count == 2)
    }

    @Test(arguments: [(99, 0, false), (100, 0, true), (150, 50, true), (150, 51, false)])
    func theReserveIsNotForJobs(free: Int, bytes: Int, isEnough: Bool) throws {
        let disk = DiskSpace(reserveBytes: 100, freeBytes: { free })
        #expect(disk.has(bytes) == isEnough)
        if isEnough {
            try disk.require(bytes, for: "a test")
        } else {
            expectCode(.diskFull) { try disk.require(bytes, for: "a test") }
        }
    }

    @Test func aRealDiskHasSomeButNotEndlessSpace() throws {
        let disk = DiskSpace(
            folder: FileManager.default.temporaryDirectory.path, reserveBytes: 0)
        #expect(disk.has(1))
        #expect(!disk.has(1 << 60))
        // What cannot be asked for stops nothing.
        #expect(DiskSpace(folder: "/nowhere", reserveBytes: 0).has(1 << 60))
    }
}
