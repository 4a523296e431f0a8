import ModelFiles
import SelfPlay
import SpinDomain
import Tensors
import Transformer

extension Session {
    private static let pairsPerStep = 16

    /// What a rollout is asked to do.
    private struct Order {
        var prompts: Int
        var maximum: Int
        /// Sequences side by side.
        var slots: Int
        var seed: UInt64
        /// Nil: responses end where the model ends them.
        var lengths: [Int]?
        var sampling = SamplingOptions()

        init(_ command: Command, available: Int) throws {
            prompts = min(command.integer("prompts", default: 256), available)
            maximum = command.integer("max_new_tokens", default: 128)
            slots = command.integer("batch", default: SpinOptions().rolloutMicroBatchSize)
            seed = UInt64(command.integer("seed", default: 1))
            lengths = command.integers("lengths")
            sampling.temperature = command.number("temperature", default: 1)
            sampling.topP = command.number("top_p", default: 1)
            guard prompts > 0, maximum > 0, slots > 0, lengths.map({ $0.count >= prompts }) ?? true
            else {
                throw SpinError(.invalid, "the rollout asks for nothing, or has too few lengths")
            }
        }
    }

    /// Responses to the prompts; nothing is scored but what is generated.
    func rollout(_ command: Command) throws -> JSONObject {
        let order = try Order(command, available: inputs.prompts.count)
        let requests = requests(order, scoringActual: false)
        let (answers, seconds) = try timed {
            try makeRollout(order, requests).answer(requests, betweenSteps: {})
        }
        let tokens = answers.reduce(0) { $0 + $1.generated.count }
        return [
            "seconds": .number(seconds), "useful_tokens": .integer(tokens),
            "slot_tokens": .integer(tokens),
            "prompt_tokens": .integer(requests.reduce(0) { $0 + $1.prompt.count }),
        ]
    }

    /// A whole iteration as a job runs it: rollout with scored actual responses, then one epoch.
    func iteration(_ command: Command) throws -> JSONObject {
        guard inputs.actual.count >= inputs.prompts.count else {
            throw SpinError(.invalid, "prompts.json has no actual responses")
        }
        training = nil
        let order = try Order(command, available: inputs.prompts.count)
        let requests = requests(order, scoringActual: true)
        let (answers, rollout) = try timed {
            try makeRollout(order, requests).answer(requests, betweenSteps: {})
        }
        let pairs = zip(requests, answers).map { request, answer in
            TrainingPair(
                prompt: request.prompt, actual: request.actual, generated: answer.generated,
                referenceActual: answer.logpActual, referenceGenerated: answer.logpGenerated)
        }
        let (_, train) = try timed { try self.train(pairs, batchSize: Self.pairsPerStep) }
        return [
            "seconds": .number(rollout + train),
            "phases": ["rollout": .number(rollout), "reference": 0.0, "train": .number(train)],
            "useful_tokens": .integer(pairs.reduce(0) { $0 + $1.generated.count }),
            "steps": .integer(pairs.count / Self.pairsPerStep),
        ]
    }

    private func requests(_ order: Order, scoringActual: Bool) -> [RolloutRequest] {
        (0..<order.prompts).map { index in
            RolloutRequest(
                prompt: inputs.prompts[index],
                actual: scoringActual ? inputs.actual[index] : [],
                budget: min(order.lengths?[index] ?? order.maximum, order.maximum),
                random: CounterRandom(seed: order.seed, stream: (0, 0, UInt32(index))))
        }
    }

    private func makeRollout(_ order: Order, _ requests: [RolloutRequest]) -> Rollout {
        var options = SpinOptions()
        options.rolloutMicroBatchSize = order.slots
        options.samplingParams = order.sampling
        let stopTokens = order.lengths == nil ? Set(model.endTokenIDs) : []
        return Rollout(
            decoder: decoder,
            rules: RolloutRules(stopTokens: stopTokens, endStrings: nil, maskMode: .exact),
            options: options,
            capacity: requests.map { $0.prompt.count + max($0.actual.count, $0.budget) }.max() ?? 1)
    }
}
