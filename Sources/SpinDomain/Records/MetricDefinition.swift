/// What a metric means, for those who compare it with another program's.
public struct MetricDefinition: Sendable, Equatable {
    /// Whether more is better.
    public enum Direction: String, Sendable, CaseIterable {
        case higher, lower
        /// Depends on what one wants, or on nothing at all.
        case none
    }

    /// One of `StepMetrics.names`.
    public let name: String
    public let formula: String
    public let unit: String
    /// Which tokens count.
    public let mask: String
    /// Over what it is a mean, if it is one.
    public let averaging: String
    public let direction: Direction

    private init(
        _ name: String, _ formula: String, _ unit: String, mask: String = noTokens,
        averaging: String, _ direction: Direction = .none
    ) {
        self.name = name
        self.formula = formula
        self.unit = unit
        self.mask = mask
        self.averaging = averaging
        self.direction = direction
    }

    private static let noTokens = "does not look at tokens"
    private static let response =
        "mask_mode exact: every response token, the stop token among them, and nothing else; "
        + "nemo: from the last prompt token to the second-to-last response token"
    private static let actualResponse = "every token of the actual responses; the prompt never"
    private static let perPair = "mean over the step's pairs, each with weight 1"
    private static let perStep = "one value a step"
    private static let perIteration = "one value an iteration, repeated at its steps"
}

extension MetricDefinition {
    /// All metrics, in the order of `StepMetrics.names`.
    ///
    /// Letters: y is the actual and y' the generated response, β the KL penalty, s(y) the reward.
    public static let all = counters + objective + rewards + scaledRewards + text + training + cost

    private static let counters = [
        MetricDefinition(
            "step", "optimizer updates done before this one", "steps", averaging: perStep),
        MetricDefinition(
            "iteration", "rounds of the game played before this one", "iterations",
            averaging: perStep),
        MetricDefinition(
            "epoch", "passes over the iteration's pairs done before this one", "epochs",
            averaging: perStep),
    ]

    private static let objective = [
        MetricDefinition(
            "loss",
            "sigmoid: -log sigmoid(β·(s(y) - s(y'))); hinge: max(0, 1 - β·(s(y) - s(y'))); without "
                + "the SFT term; for method sft the same as sft_loss",
            "nats", mask: response, averaging: perPair, .lower),
        MetricDefinition(
            "acc", "1 where s(y) > s(y'), else 0; a tie is 0", "share", mask: response,
            averaging: perPair, .higher),
    ]

    private static let rewards = [
        MetricDefinition(
            "rewards_actual_mean", "s(y) = log p_policy(y|x) - log p_reference(y|x)", "nats",
            mask: response, averaging: perPair, .higher),
        MetricDefinition(
            "rewards_generated_mean", "s(y') = log p_policy(y'|x) - log p_reference(y'|x)", "nats",
            mask: response, averaging: perPair, .lower),
        MetricDefinition(
            "rewards_all_mean", "s over actual and generated responses together", "nats",
            mask: response, averaging: "mean over the step's responses, two a pair"),
        MetricDefinition(
            "rewards_all_std", "standard deviation of the same, with n - 1", "nats",
            mask: response, averaging: "over the step's responses, two a pair"),
        MetricDefinition(
            "rewards_margin_mean", "s(y) - s(y'); 0 where the responses are equal", "nats",
            mask: response, averaging: perPair, .higher),
    ]

    private static let scaledRewards = [
        MetricDefinition(
            "scaled_rewards_actual_mean", "β · rewards_actual_mean", "nats", mask: response,
            averaging: perPair, .higher),
        MetricDefinition(
            "scaled_rewards_generated_mean", "β · rewards_generated_mean", "nats", mask: response,
            averaging: perPair, .lower),
        MetricDefinition(
            "scaled_rewards_margin_mean", "β · rewards_margin_mean", "nats", mask: response,
            averaging: perPair, .higher),
        MetricDefinition(
            "kl_penalty", "β, ref_policy_kl_penalty of the iteration", "1", averaging: perIteration),
    ]

    private static let text = [
        MetricDefinition(
            "logps_actual_mean", "log p_policy(y|x), summed over the response", "nats",
            mask: response, averaging: perPair, .higher),
        MetricDefinition(
            "logps_generated_mean", "log p_policy(y'|x), summed over the response", "nats",
            mask: response, averaging: perPair),
        MetricDefinition(
            "avg_generated_lengths", "tokens of y', the stop token among them", "tokens",
            mask: response, averaging: perPair),
        MetricDefinition(
            "saturated_fraction", "1 where sigmoid(-β·(s(y) - s(y'))) < 0.01, else 0", "share",
            mask: response, averaging: perPair, .lower),
        MetricDefinition(
            "identical_fraction", "1 where y' and y are the same tokens, else 0", "share",
            mask: response, averaging: perPair),
        MetricDefinition(
            "sft_loss", "-log p_policy(y|x) a token", "nats a token", mask: actualResponse,
            averaging: "sum over the step's tokens, divided by their number", .lower),
    ]

    private static let training = [
        MetricDefinition(
            "grad_norm", "Euclidean norm of the gradient before clipping", "1", averaging: perStep),
        MetricDefinition(
            "lr", "learning rate that the step used", "1", averaging: perStep),
        MetricDefinition(
            "consumed_samples", "(step + 1) · global_batch_size", "pairs",
            averaging: "counted since the job began"),
    ]

    private static let cost = [
        MetricDefinition(
            "step_time", "forward, backward and optimizer", "seconds", averaging: perStep, .lower),
        MetricDefinition(
            "tokens_per_second", "tokens of the step's pairs over step_time", "tokens a second",
            mask: "prompt and both responses; a shared prompt counts once", averaging: perStep,
            .higher),
        MetricDefinition(
            "rollout_tokens_per_second", "tokens that the iteration's rollout generated a second",
            "tokens a second", mask: "generated tokens", averaging: perIteration, .higher),
        MetricDefinition(
            "reference_tokens_per_second",
            "tokens that the reference policy scored a second, before the iteration's first step",
            "tokens a second", mask: "prompts and actual responses", averaging: perIteration,
            .higher),
        MetricDefinition(
            "mfu",
            "floating-point operations that the step needs, over step_time and the speed of a large "
                + "matrix product when the process began",
            "share", averaging: perStep, .higher),
        MetricDefinition(
            "resident_bytes", "memory of the process after the step", "bytes", averaging: perStep,
            .lower),
        MetricDefinition(
            "peak_resident_bytes", "the most memory the process ever had", "bytes",
            averaging: perStep, .lower),
    ]
}
