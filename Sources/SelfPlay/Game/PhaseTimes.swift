package import SpinDomain

/// Sums up the seconds between the beginnings of phases that take turns.
package final class PhaseTimes<Phase: Hashable> {
    private let clock: any Clock
    private var current: (phase: Phase, start: Timestamp)?
    private var total: [Phase: Double] = [:]

    package init(_ clock: any Clock) {
        self.clock = clock
    }

    /// The phase that ran until now ends.
    package func begin(_ phase: Phase) {
        end()
        current = (phase, clock.now())
    }

    /// No phase runs until the next `begin`.
    package func end() {
        guard let (phase, start) = current else { return }
        total[phase, default: 0] += clock.now().seconds(since: start)
        current = nil
    }

    /// Of all times that the phase has run and ended.
    package func seconds(_ phase: Phase) -> Double { total[phase, default: 0] }
}
