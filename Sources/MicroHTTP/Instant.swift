import Dispatch

/// A point of the monotonic clock, small enough for an atomic.
struct Instant: Comparable, Sendable {
    let nanoseconds: UInt64

    static let distantFuture = Instant(nanoseconds: .max)

    static var now: Instant { Instant(nanoseconds: DispatchTime.now().uptimeNanoseconds) }

    static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    func secondsUntil(_ later: Instant) -> Double {
        later < self ? 0 : Double(later.nanoseconds - nanoseconds) / 1e9
    }

    /// Never passes the distant future, whatever the number of seconds.
    func advanced(bySeconds seconds: Double) -> Instant {
        let step = UInt64(exactly: (max(0, seconds) * 1e9).rounded()) ?? .max
        let (sum, overflows) = nanoseconds.addingReportingOverflow(step)
        return overflows ? .distantFuture : Instant(nanoseconds: sum)
    }
}
