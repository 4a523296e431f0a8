/// The optimizer and its learning rate: the `optim` section.
public struct OptimizerOptions: Sendable, Equatable {
    public enum Name: String, Sendable, CaseIterable {
        /// Decoupled weight decay on every parameter (arXiv 1711.05101).
        case adamw
        /// The paper's choice; `alpha` is the decay of the squared gradients' mean.
        case rmsprop
    }

    public var name: Name = .adamw
    public var learningRate: PerIteration = .constant(5e-7)
    public var betas = (0.9, 0.98)
    /// RMSProp's smoothing constant.
    public var alpha = 0.99
    public var eps = 1e-8
    public var weightDecay = 0.0
    /// Forget the moments, and their step count, when an iteration begins.
    public var resetEachIteration = false
    public var sched = ScheduleOptions()

    public init() {}

    public static func == (left: OptimizerOptions, right: OptimizerOptions) -> Bool {
        left.json == right.json
    }

    public var json: JSONValue {
        [
            "name": .string(name.rawValue), "lr": learningRate.json,
            "betas": JSONValue([betas.0, betas.1]), "alpha": .number(alpha), "eps": .number(eps),
            "weight_decay": .number(weightDecay),
            "reset_each_iteration": .bool(resetEachIteration), "sched": sched.json,
        ]
    }
}

/// How the learning rate changes: `optim.sched`.
public struct ScheduleOptions: Sendable, Equatable {
    public enum Name: String, Sendable, CaseIterable {
        case constant, linear, cosine
    }

    public enum Scope: String, Sendable, CaseIterable {
        /// One schedule over all steps of the job.
        case run
        /// A schedule of its own for every iteration.
        case iteration
    }

    public var name: Name = .cosine
    /// Share of the scope's steps that warm up, when `warmupSteps` is nil.
    public var warmupRatio = 0.1
    public var warmupSteps: Int?
    public var minLR = 0.0
    public var scope: Scope = .run

    public init() {}

    public var json: JSONValue {
        [
            "name": .string(name.rawValue), "warmup_ratio": .number(warmupRatio),
            "warmup_steps": JSONValue(warmupSteps), "min_lr": .number(minLR),
            "scope": .string(scope.rawValue),
        ]
    }
}

/// Which checkpoints stay: the `checkpoint` section.
public struct CheckpointOptions: Sendable, Equatable {
    public enum Monitor: String, Sendable, CaseIterable {
        /// The best by validation loss are kept besides the newest.
        case valLoss = "val_loss"
        /// The newest are kept.
        case step
    }

    /// How many besides the one a resume needs; nil (−1 on the wire) keeps all.
    public var keep: Int? = 3
    public var monitor: Monitor = .valLoss

    public init() {}

    public var json: JSONValue {
        ["keep": .integer(keep ?? -1), "monitor": .string(monitor.rawValue)]
    }
}
