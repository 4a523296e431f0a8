/// The game's own settings: the `spin` section.
public struct SpinOptions: Sendable, Equatable {
    public enum Loss: String, Sendable, CaseIterable {
        /// `−log σ(β·D)`, the paper's logistic loss.
        case sigmoid
        /// `max(0, 1 − β·D)`
        case hinge
    }

    public enum MaskMode: String, Sendable, CaseIterable {
        /// Every response token is scored, the stop token included, and nothing else.
        case exact
        /// NeMo-Aligner's window: the last prompt token … the second-to-last response token.
        case nemo
    }

    public enum Regenerate: String, Sendable, CaseIterable {
        case iteration
        /// Fresh responses for every epoch, as NeMo-Aligner.
        case epoch
    }

    public enum Truncated: String, Sendable, CaseIterable {
        /// A response cut off at its token budget is used as it is.
        case keep
        /// Its pair gives no gradient and leaves the means.
        case dropPair = "drop_pair"
    }

    public var maxIterations = 3
    /// Epochs an iteration.
    public var maxEpochs = 1
    /// β, `λ` in the paper.
    public var refPolicyKLPenalty: PerIteration = .constant(0.1)
    /// Sequences that are generated side by side.
    public var rolloutMicroBatchSize = 64
    /// Sequences scored side by side when reference log-probabilities are computed.
    public var logProbForwardMicroBatchSize = 8
    /// Optimizer moments wait in a file while responses are generated.
    public var offloadAdamStates = false
    public var lengthParams = LengthOptions()
    public var samplingParams = SamplingOptions()
    public var loss: Loss = .sigmoid
    public var maskMode: MaskMode = .exact
    public var regenerate: Regenerate = .iteration
    /// How many earlier iterations' pairs are mixed in (the paper: 1).
    public var previousIterations = 0
    /// Weight of the token-mean negative log-likelihood of the actual responses.
    public var sftLossWeight = 0.0
    public var truncated: Truncated = .keep
    /// Rescore every pair with the training kernels and report the largest difference.
    public var verifyReference = false
    /// Pairs on which an iteration's KL(policy ‖ reference policy) is measured; 0 measures none.
    public var klPairs = 16

    /// End the game after so many iterations in a row that did not make the validation loss better
    /// than it ever was; nil plays them all.
    public var earlyStop: Int?

    public init() {}

    public var json: JSONValue {
        [
            "max_iterations": .integer(maxIterations), "max_epochs": .integer(maxEpochs),
            "ref_policy_kl_penalty": refPolicyKLPenalty.json,
            "rollout_micro_batch_size": .integer(rolloutMicroBatchSize),
            "log_prob_forward_micro_batch_size": .integer(logProbForwardMicroBatchSize),
            "offload_adam_states": .bool(offloadAdamStates),
            "length_params": lengthParams.json, "sampling_params": samplingParams.json,
            "loss": .string(loss.rawValue), "mask_mode": .string(maskMode.rawValue),
            "regenerate": .string(regenerate.rawValue),
            "previous_iterations": .integer(previousIterations),
            "sft_loss_weight": .number(sftLossWeight), "truncated": .string(truncated.rawValue),
            "verify_reference": .bool(verifyReference), "kl_pairs": .integer(klPairs),
            "early_stop": JSONValue(earlyStop),
        ]
    }
}

/// How long generated responses may be: `spin.length_params`, in tokens.
public struct LengthOptions: Sendable, Equatable {
    /// Most new tokens, the stop token included.
    public var maxLength = 128
    /// Stop tokens are not drawn before this many tokens.
    public var minLength = 1

    public init() {}

    public var json: JSONValue {
        ["max_length": .integer(maxLength), "min_length": .integer(minLength)]
    }
}

/// How tokens are drawn: `spin.sampling_params`.
///
/// Log-probabilities stay those of the plain model.
public struct SamplingOptions: Sendable, Equatable {
    public var useGreedy = false
    public var temperature = 1.0
    /// Keep the k likeliest tokens; 0 keeps all.
    public var topK = 0
    /// Keep the smallest set of likeliest tokens with at least this probability.
    public var topP = 1.0
    /// Logits of tokens already in the sequence are divided (positive) or multiplied (negative) by this.
    public var repetitionPenalty = 1.0
    /// Texts that end a response, besides the model's own stop tokens.
    public var endStrings: [String] = []

    public init() {}

    public var json: JSONValue {
        [
            "use_greedy": .bool(useGreedy), "temperature": .number(temperature),
            "top_k": .integer(topK), "top_p": .number(topP),
            "repetition_penalty": .number(repetitionPenalty), "end_strings": JSONValue(endStrings),
        ]
    }
}
