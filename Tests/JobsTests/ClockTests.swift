import Jobs
import SpinDomain
import Synchronization
import Testing

/// A clock that is set forth and back while a job runs.
struct ClockTests {
    final class JumpingClock: SpinDomain.Clock {
        private static let year = 365 * 86_400_000_000
        private let state = Mutex((calls: 0, time: 1_700_000_000_000_000))

        func now() -> Timestamp {
            state.withLock { state in
                state.calls += 1
                // Forth at every third look, back at every fifth, a little further at the others.
                let jump = state.calls % 3 == 0 ? Self.year : state.calls % 5 == 0 ? -Self.year : 30
                state.time += jump
                return Timestamp(microseconds: state.time)
            }
        }
    }

    @Test func nothingButTimesDependsOnTheClock() throws {
        let rig = try Rig(clock: JumpingClock())
        try rig.runner.start()
        let job = try rig.submit()
        try rig.wait(job, for: .succeeded)
        let (result, expected) = (try GameResult(rig.store, job), try GameResult.undisturbed())
        #expect(result == expected)
        let sequences = try rig.events(job).map(\.sequence)
        let isIncreasing = zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 }
        #expect(isIncreasing)
    }
}
