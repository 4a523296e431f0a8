import Dispatch
import Jobs
import SpinDomain
import Synchronization
import Testing

/// Many threads with random commands; the event log is held against the state machine.
struct ConcurrencyTests {
    private static let threads = 64
    private static let commandsPerThread = 8

    @Test func randomCommandsNeverLeaveTheStateMachine() throws {
        let rig = try Rig()
        try rig.runner.start()
        let jobs = try (0..<8).map { index in
            try rig.submit(
                Rig.configuration {
                    $0.mode = index.isMultiple(of: 2) ? .auto : .manual
                    $0.train.saveInterval = 2
                    $0.checkpoint.keep = 1
                })
        }
        let surprises = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: Self.threads) { thread in
            var random = SeededRandom(seed: UInt64(thread))
            for _ in 0..<Self.commandsPerThread {
                let job = jobs[Int.random(in: 0..<jobs.count, using: &random)]
                do {
                    try Self.command(Int.random(in: 0..<11, using: &random), rig, job)
                } catch let error as SpinError
                    where error.code == .conflict || error.code == .notFound
                {
                    continue
                } catch {
                    surprises.withLock { $0.append("\(error)") }
                }
            }
        }
        #expect(surprises.withLock { $0 } == [])
        for job in jobs { try finish(job, rig) }
    }

    private static func command(_ choice: Int, _ rig: Rig, _ job: String) throws {
        switch choice {
        case 0, 1: _ = try rig.runner.pause(job: job)
        case 2, 3: _ = try rig.runner.resume(job: job)
        case 4, 5: _ = try rig.runner.step(job: job, iterations: 1)
        case 6:
            for checkpoint in try rig.store.checkpoints(job: job) {
                try rig.runner.deleteCheckpoint(checkpoint.id)
            }
        case 7: _ = try rig.submit()
        case 8: _ = try rig.runner.step(job: job, steps: 3)
        case 9: _ = try rig.runner.retry(job: job)
        default:
            // Seldom, so that some jobs live.
            if job.hashValue.isMultiple(of: 3) { _ = try rig.runner.cancel(job: job) }
        }
    }

    /// Brings a job to its end, and looks at the way it took.
    private func finish(_ job: String, _ rig: Rig) throws {
        while true {
            let now = try rig.wait(job, for: .paused, .waiting, .succeeded, .failed, .cancelled)
            if now.status.isFinal { break }
            if now.status == .paused { _ = try rig.runner.resume(job: job) }
            if now.status == .waiting { _ = try rig.runner.step(job: job, iterations: 2) }
        }
        var status: JobStatus?
        for event in try rig.events(job) {
            guard let name = event.data["status"]?.string, let next = JobStatus(rawValue: name)
            else { continue }
            if let status {
                #expect(event.data["from"]?.string == status.rawValue)
                #expect(status.canBecome(next), "\(status) to \(next)")
            }
            status = next
        }
        let ended = try rig.store.job(job)
        #expect(status == ended.status)
        #expect(ended.status != .failed, "\(ended.statusDetail ?? "")")
        guard ended.status == .succeeded else { return }
        var result = try GameResult(rig.store, job)
        let expected = try GameResult.undisturbed()
        // The checkpoints of a finished job may all have been deleted.
        result.lastCheckpointStep = expected.lastCheckpointStep
        #expect(result == expected)
    }
}

/// A small generator with a seed (SplitMix64), so that a failure can be repeated.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
