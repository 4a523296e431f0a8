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

    /// As `heed`, in the middle of a step: a pause can wait for the step's end, so that its work is
    /// kept; a server that goes down has seconds, and what is cancelled is not wanted.
    func heedWhatCannotWait() throws {
        guard request != .pause else { return }
        try heed()
    }
}
