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

extension PhaseTimes<Trainer.Phase> {
    /// The reference policy's log-probabilities are known from the rollout: they cost nothing.
    var json: JSONValue {
        [
            "reference": 0.0, "forward": .number(seconds(.forward)),
            "backward": .number(seconds(.backward)), "optimizer": .number(seconds(.optimizer)),
        ]
    }
}
