import Jobs
import SpinDomain
import Synchronization
import Testing

struct FailureTests {
    @Test(arguments: ScriptedEngine.momentsOfTwoIterations)
    func aFailedRunLeavesItsReasonAndTheQueueGoesOn(moment: ScriptedEngine.Moment) throws {
        let rig = try Rig()
        let unlucky = Mutex<String?>(nil)
        rig.engine.onEveryMoment { job, now in
            let isFirst = unlucky.withLock { first in
                first = first ?? job
                return first == job
            }
            if isFirst, now == moment { throw SpinError(.diverged, "the loss is not a number") }
        }
        let (first, second) = (try rig.submit(), try rig.submit())
        try rig.runner.start()
        let failed = try rig.wait(first, for: .failed)
        #expect(failed.statusDetail == "the loss is not a number")
        #expect(failed.progress.phase == nil)
        let event = try rig.events(first).last
        #expect(event?.type == "job.failed")
        #expect(event?.level == .error)
        #expect(event?.message == "the loss is not a number")
        // The steps up to the failure are there, also those not yet written in a batch.
        let steps = try rig.store.steps(job: first, iteration: nil, afterStep: nil, limit: 99)
        #expect(steps.elements.count == failed.progress.step)
        try rig.wait(second, for: .succeeded)
    }

    @Test func foreignErrorsFailTheJobToo() throws {
        struct Surprise: Error {}
        let rig = try Rig()
        rig.engine.onEveryMoment { _, _ in throw Surprise() }
        try rig.runner.start()
        let job = try rig.submit()
        #expect(try rig.wait(job, for: .failed).statusDetail?.contains("Surprise") == true)
    }

    @Test(arguments: FaultyStore.Call.allCases)
    func aStoreThatRefusesOneCallStopsOneJobAtMost(call: FaultyStore.Call) throws {
        let faults = FaultyStore.Faults()
        let rig = try Rig(wrapping: { FaultyStore($0, faults) })
        try rig.runner.start()
        faults.refuse(call, .diskFull)
        let job = try rig.submit(Rig.configuration { $0.checkpoint.keep = 1 })
        // A full disk stops a job for a moment only.
        try rig.wait(job, for: .succeeded)
        #expect(faults.count(call) > 0)
        let pauses = try rig.events(job).filter { $0.type == "job.paused" }
        #expect(pauses.allSatisfy { $0.message.contains("full") })
        #expect(pauses.count <= 1)
        let next = try rig.submit()
        try rig.wait(next, for: .succeeded)
        let (result, expected) = (
            try GameResult(rig.store, next), try GameResult.undisturbed()
        )
        #expect(result == expected)
    }
}
