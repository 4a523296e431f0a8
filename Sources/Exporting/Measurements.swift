import SpinDomain

/// A job's measurements in the order of time.
struct Measurements {
    private let history: any JobHistory

    init(of history: any JobHistory) {
        self.history = history
    }

    /// No more than one step is in memory.
    func forEach(_ body: (Measurement) throws -> Void) throws {
        var time = history.job.startedAt ?? history.job.createdAt
        var validations = history.validations[...]
        var iterations = history.iterations[...]
        func take(upTo step: Int) throws {
            while let next = validations.first, next.step <= step {
                try body(Measurement(next, at: time))
                validations.removeFirst()
            }
            while let next = iterations.first, let first = next.firstStep,
                first + next.steps <= step
            {
                try body(Measurement(next, at: time))
                iterations.removeFirst()
            }
        }
        try history.forEachStep { step in
            try take(upTo: step.step)
            time = step.finishedAt ?? time.moved(bySeconds: step.stepTime)
            try body(Measurement(step, at: time))
        }
        for validation in validations { try body(Measurement(validation, at: time)) }
        for iteration in iterations { try body(Measurement(iteration, at: time)) }
    }
}

extension Timestamp {
    /// For steps that older programs stored without their time; pauses are not in it.
    fileprivate func moved(bySeconds seconds: Double) -> Timestamp {
        let moved = Double(microseconds) + seconds * 1e6
        return Timestamp(microseconds: Int(exactly: moved.rounded()) ?? microseconds)
    }
}
