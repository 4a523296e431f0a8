import Foundation
import ModelFiles
import SelfPlay
import SpinDomain
import Tensors
import Transformer

/// The optimizer and trainer of a session, and its pairs as the reference policy scored them.
struct Training {
    let trainer: Trainer
    let optimizer: Optimizer
    let pairs: [TrainingPair]
    var steps = 0
}

extension Session {
    private static let learningRate = 1e-6

    var objective: Objective {
        Objective(
            spin: SpinLoss(.sigmoid, klPenalty: inputs.klPenalty), sftWeight: 0, maskMode: .exact)
    }

    /// One optimizer step over all pairs.
    func step(_ command: Command) throws -> JSONObject {
        var training = try training ?? makeTraining()
        let times = PhaseTimes<Trainer.Phase>(MonotonicClock())
        training.trainer.phaseBegan = times.begin
        let batch = Trainer.Batch(
            step: training.steps, pairs: training.pairs, learningRate: Self.learningRate,
            isReference: training.steps == 0)
        let (result, seconds) = try timed { try training.trainer.step(batch, objective) }
        times.end()
        training.steps += 1
        self.training = training
        return [
            "seconds": .number(seconds), "phases": times.json,
            "loss": .number(objective.meanLoss(of: result.outcomes)),
            "grad_norm": .number(result.gradientNorm),
            "tokens": .integer(training.pairs.reduce(0) { $0 + $1.sequenceTokens }),
            "computed_tokens": .integer(result.tokens),
            "needed_gflop": .number(result.operations / 1e9),
        ]
    }

    /// The model as it is in its file.
    func reset() throws -> JSONObject {
        try ModelReader.load(URL(filePath: modelPath), into: decoder.weights, pool: pool)
        training?.optimizer.reset()
        training?.steps = 0
        return ["ok": true]
    }

    /// Log-probabilities of both responses of every pair, no gradients.
    func score() throws -> JSONObject {
        let pairs = inputs.pairs.map { TrainingPair($0, reference: nil) }
        let (sums, seconds) = try timed { try scorer.sums(pairs, betweenBatches: {}) }
        return [
            "seconds": .number(seconds),
            "tokens": .integer(pairs.reduce(0) { $0 + $1.sequenceTokens }),
            "computed_tokens": .integer(pairs.reduce(0) { $0 + $1.tokenCount }),
            "sum_log_prob": JSONValue(sums.flatMap { [$0.actual, $0.generated] }),
        ]
    }

    private var scorer: ResponseScorer {
        ResponseScorer(
            decoder: decoder, maskMode: .exact,
            pairsAtOnce: SpinOptions().logProbForwardMicroBatchSize)
    }

    /// The reference policy is the model as it is now.
    private func makeTraining() throws -> Training {
        let plain = inputs.pairs.map { TrainingPair($0, reference: nil) }
        let sums = try scorer.sums(plain, betweenBatches: {})
        let (optimizer, trainer) = makeTrainer()
        return Training(
            trainer: trainer, optimizer: optimizer,
            pairs: zip(inputs.pairs, sums).map { TrainingPair($0, reference: $1) })
    }

    /// Gradients clipped at norm 1, AdamW with PyTorch's defaults but no weight decay.
    func makeTrainer() -> (Optimizer, Trainer) {
        var optimization = OptimizerOptions()
        optimization.betas = (0.9, 0.999)
        let optimizer = Optimizer(
            optimization, layout: decoder.weights.layout, pool: pool)
        var options = TrainOptions()
        options.microBatchSize = microBatchSize
        return (optimizer, Trainer(decoder: decoder, optimizer: optimizer, options: options))
    }

    /// The steps of one epoch in order, as many whole batches as there are.
    func train(_ pairs: [TrainingPair], batchSize: Int) throws {
        let (_, trainer) = makeTrainer()
        for step in 0..<pairs.count / batchSize {
            _ = try trainer.step(
                .init(
                    step: step, pairs: Array(pairs[step * batchSize..<(step + 1) * batchSize]),
                    learningRate: Self.learningRate, isReference: step == 0),
                objective)
        }
    }
}

extension Objective {
    fileprivate func meanLoss(of outcomes: [PairOutcome]) -> Double {
        let losses = outcomes.map { spin?.value(margin: $0.margin) ?? 0 }
        return losses.reduce(0, +) / Double(max(1, losses.count))
    }
}

extension TrainingPair {
    /// - Parameter reference: nil where it is not needed.
    fileprivate init(_ pair: Inputs.Pair, reference: PackedPairs.Sums?) {
        self.init(
            prompt: pair.prompt, actual: pair.actual, generated: pair.generated,
            referenceActual: reference?.actual ?? 0, referenceGenerated: reference?.generated ?? 0)
    }

    /// Tokens of the pair's two sequences, as contestants count that compute the prompt twice.
    fileprivate var sequenceTokens: Int { tokenCount + prompt.count }
}
