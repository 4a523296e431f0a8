package import SpinDomain

/// Foretells how long a run still takes, from the pace of its steps and rollouts so far.
package struct RemainingTime {
    /// Weight of the newest step, so that the estimate follows a changing machine.
    private static let newest = 0.1

    private let iterations: Int
    private var stepSeconds: Double?
    private var sampleSeconds: Double?
    private var samplesPerRollout = 0
    private var rolloutBegan: (time: Timestamp, done: Int)?

    package init(iterations: Int) {
        self.iterations = iterations
    }

    mutating func iterationStarted() {
        rolloutBegan = nil
    }

    package mutating func rolloutProgressed(done: Int, total: Int, at time: Timestamp) {
        samplesPerRollout = total
        guard let began = rolloutBegan else { return rolloutBegan = (time, done) }
        let elapsed = time.seconds(since: began.time)
        if done > began.done, elapsed > 0 { sampleSeconds = elapsed / Double(done - began.done) }
    }

    package mutating func stepFinished(seconds: Double) {
        stepSeconds = stepSeconds.map { $0 + Self.newest * (seconds - $0) } ?? seconds
    }

    /// Nil until a step has been measured.
    package func seconds(_ progress: JobProgress) -> Double? {
        guard let stepSeconds, let totalSteps = progress.totalSteps else { return nil }
        let steps = max(0, totalSteps - progress.step)
        // Rollouts of later iterations, and the rest of this one's.
        let later = max(0, iterations - progress.iteration - 1) * samplesPerRollout
        let samples = later + max(0, progress.rolloutTotal - progress.rolloutDone)
        return Double(steps) * stepSeconds + Double(samples) * (sampleSeconds ?? 0)
    }
}
