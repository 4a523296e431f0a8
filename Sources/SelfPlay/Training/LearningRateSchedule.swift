import Glibc
package import SpinDomain

/// The learning rate of every step: warm-up, then constant, linear or cosine to the minimum.
///
/// With S steps in the scope and W of them warming up, step s (from 0) has the rate
/// peak·(s+1)/(W+1) while s < W; after that p = (s−W)/(S−W) goes from 0 towards 1, and the rate is
/// the peak (constant), min + (peak−min)(1−p) (linear) or min + (peak−min)·½(1+cos πp) (cosine).
package struct LearningRateSchedule: Sendable {
    private let options: ScheduleOptions
    private let peaks: PerIteration
    private let totalSteps: Int

    package init(_ options: OptimizerOptions, totalSteps: Int) {
        self.options = options.sched
        peaks = options.learningRate
        self.totalSteps = totalSteps
    }

    /// - Parameter step: counted over the whole job, from 0.
    package func rate(step: Int, in iteration: GamePlan.Iteration) -> Double {
        let peak = peaks.value(iteration: iteration.index)
        switch options.scope {
        case .run: return rate(step, of: totalSteps, peak: peak)
        case .iteration:
            return rate(step - iteration.firstStep, of: iteration.steps, peak: peak)
        }
    }

    private func rate(_ step: Int, of steps: Int, peak: Double) -> Double {
        let warmup = options.warmupSteps ?? Int(options.warmupRatio * Double(steps))
        if step < warmup { return peak * Double(step + 1) / Double(warmup + 1) }
        let done = Double(step - warmup) / Double(max(1, steps - warmup))
        switch options.name {
        case .constant: return peak
        case .linear: return options.minLR + (peak - options.minLR) * (1 - done)
        case .cosine:
            return options.minLR + (peak - options.minLR) * 0.5 * (1 + cos(.pi * done))
        }
    }
}
