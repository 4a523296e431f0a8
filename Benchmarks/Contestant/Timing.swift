import Glibc
import SelfPlay
import SpinDomain

/// A clock that nobody sets: microseconds since the machine started.
struct MonotonicClock: Clock {
    func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Timestamp(microseconds: time.tv_sec * 1_000_000 + time.tv_nsec / 1000)
    }
}

/// What some work came to, and the seconds it took.
func timed<Result>(_ work: () throws -> Result) rethrows -> (result: Result, seconds: Double) {
    let clock = MonotonicClock()
    let start = clock.now()
    let result = try work()
    return (result, clock.now().seconds(since: start))
}

/// Sums up the time between the beginnings of phases.
final class PhaseTimes {
    private let clock = MonotonicClock()
    private var current: Trainer.Phase?
    private var start: Timestamp
    private var total: [Trainer.Phase: Double] = [:]

    init() {
        start = clock.now()
    }

    /// - Parameter phase: nil when the last one ends.
    func begin(_ phase: Trainer.Phase?) {
        let now = clock.now()
        if let current { total[current, default: 0] += now.seconds(since: start) }
        (current, start) = (phase, now)
    }

    /// The reference policy's log-probabilities are known from the rollout: they cost nothing.
    var json: JSONValue {
        [
            "reference": 0.0, "forward": .number(total[.forward, default: 0]),
            "backward": .number(total[.backward, default: 0]),
            "optimizer": .number(total[.optimizer, default: 0]),
        ]
    }
}
