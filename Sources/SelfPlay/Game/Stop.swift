import SpinDomain

/// Thrown where a run is asked to end before its time; caught by `Game.play` alone.
struct Stop: Error {
    let outcome: RunOutcome

    static let timeLimit = Stop(outcome: .paused(reason: "time limit"))
}

extension RunControl {
    /// - Throws: `Stop` when anything but going on is asked for.
    func heed() throws {
        switch request {
        case .goOn: return
        case .interrupt: throw Stop(outcome: .interrupted)
        case .pause: throw Stop(outcome: .paused(reason: "paused"))
        case .cancel: throw Stop(outcome: .cancelled)
        }
    }
}
