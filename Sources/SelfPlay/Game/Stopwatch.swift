import SpinDomain

/// Seconds since a moment, by a clock that is passed in.
struct Stopwatch {
    private let clock: any Clock
    private let start: Timestamp

    init(_ clock: any Clock) {
        self.clock = clock
        start = clock.now()
    }

    var seconds: Double { clock.now().seconds(since: start) }
}

extension Stopwatch {
    /// Tells when enough time has passed for another message to people.
    struct Pace {
        private static let secondsBetween = 0.2
        private var watch: Stopwatch
        private let clock: any Clock

        init(_ clock: any Clock) {
            self.clock = clock
            watch = Stopwatch(clock)
        }

        mutating func isDue() -> Bool {
            guard watch.seconds >= Self.secondsBetween else { return false }
            watch = Stopwatch(clock)
            return true
        }
    }
}
