package import SpinDomain
package import Tensors
package import Transformer

/// The configured update rule, its moments, and how many updates they have seen.
package final class Optimizer {
    /// One arena an update rule keeps besides the weights.
    package struct Moment {
        /// `m` or `v`: the prefix of its tensors in a checkpoint.
        package let name: String
        package let arena: ParameterArena
    }

    private let options: OptimizerOptions
    private let layout: ParameterLayout
    private let pool: WorkerPool
    /// Empty while they wait in a file.
    package private(set) var moments: [Moment]
    /// Updates since the moments were zero; bias correction counts them.
    package var updates = 0

    package init(_ options: OptimizerOptions, layout: ParameterLayout, pool: WorkerPool) {
        self.options = options
        self.layout = layout
        self.pool = pool
        moments = Self.makeMoments(options, layout)
    }

    /// Arenas the rule keeps: AdamW both moments, RMSProp the second.
    package static func momentNames(_ options: OptimizerOptions) -> [String] {
        options.name == .adamw ? ["m", "v"] : ["v"]
    }

    /// Zero moments, as at the start.
    package func reset() {
        for moment in moments { moment.arena.buffer.zero(using: pool) }
        updates = 0
    }

    /// Gives the moments' memory back; `restoreMemory` makes zero moments to be filled.
    package func releaseMemory() {
        moments = []
    }

    package func restoreMemory() {
        moments = Self.makeMoments(options, layout)
    }

    /// - Parameter gradientScale: multiplies the gradients, for clipping.
    package func update(
        _ weights: ParameterArena, gradients: ParameterArena, learningRate: Double,
        gradientScale: Double
    ) {
        updates += 1
        switch options.name {
        case .adamw:
            let rule = AdamW(
                beta1: options.betas.0, beta2: options.betas.1, epsilon: options.eps,
                weightDecay: options.weightDecay)
            rule.update(
                weights.buffer, gradients: gradients.buffer, firstMoments: moments[0].arena.buffer,
                secondMoments: moments[1].arena.buffer, step: updates, learningRate: learningRate,
                gradientScale: gradientScale, using: pool)
        case .rmsprop:
            let rule = RMSProp(
                alpha: options.alpha, epsilon: options.eps, weightDecay: options.weightDecay)
            rule.update(
                weights.buffer, gradients: gradients.buffer, secondMoments: moments[0].arena.buffer,
                learningRate: learningRate, gradientScale: gradientScale, using: pool)
        }
    }

    private static func makeMoments(
        _ options: OptimizerOptions, _ layout: ParameterLayout
    ) -> [Moment] {
        momentNames(options).map { Moment(name: $0, arena: ParameterArena(layout)) }
    }
}
