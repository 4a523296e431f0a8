import Foundation
import ModelFiles
public import SpinDomain
import Tensors
import Transformer

/// How well a model answers the prompts of a data set.
public struct Evaluation: Sendable {
    public var rows: Int
    /// Share of greedy answers that equal the response token for token.
    public var exactMatch: Double
    /// The same for one answer a prompt, sampled at temperature 1.
    public var sampledMatch: Double
    /// Mean negative log-likelihood of a response, summed over its tokens.
    public var responseLoss: Double
    /// Mean negative log-likelihood of a response token.
    public var tokenLoss: Double

    public var json: JSONValue {
        [
            "rows": .integer(rows), "exact_match": .number(exactMatch),
            "sampled_match": .number(sampledMatch), "response_loss": .number(responseLoss),
            "token_loss": .number(tokenLoss),
        ]
    }
}

extension GameEngine {
    private static let evaluationSlots = 64

    /// Answers every prompt twice, greedily and sampled, and scores the responses.
    ///
    /// - Parameters:
    ///   - maxLength: most new tokens.
    ///   - limit: only the first rows; nil for all.
    /// - Throws: what `inspectModel` and `inspectDataset` throw; `invalid` when no row fits.
    public func evaluate(
        modelPath: String, datasetPath: String, maxLength: Int, limit: Int?, seed: UInt64
    ) throws -> Evaluation {
        let model = try ModelSetting(path: modelPath)
        var problems: [SpinError.FieldProblem] = []
        let all = DataReader(model, pointer: "/dataset").read(datasetPath, &problems)
        guard problems.isEmpty else {
            throw SpinError.invalid("the evaluation", problems: problems)
        }
        let context = model.decoder.contextLength
        let rows = Array(PreparedRows(all, limit: context).rows.prefix(limit ?? all.count))
        guard !rows.isEmpty else {
            throw SpinError(.invalid, "no row of \(datasetPath) fits into \(context) tokens")
        }
        let weights = ParameterArena(ParameterLayout(model.decoder))
        try ModelReader.load(URL(filePath: modelPath), into: weights, pool: pool)
        let decoder = Decoder(configuration: model.decoder, weights: weights, pool: pool)

        func match(isGreedy: Bool) throws -> Double {
            let answers = try answers(
                rows, model, decoder, maxLength: maxLength, seed: seed, isGreedy: isGreedy)
            let right = zip(rows, answers).count { $0.response == $1 }
            return Double(right) / Double(rows.count)
        }
        let validation = try Validation(
            decoder: decoder, rows: rows, microBatchSize: Self.evaluationSlots
        ).run(betweenBatches: {})
        return Evaluation(
            rows: rows.count, exactMatch: try match(isGreedy: true),
            sampledMatch: try match(isGreedy: false),
            responseLoss: validation.loss * Double(validation.tokens) / Double(rows.count),
            tokenLoss: validation.loss)
    }

    private func answers(
        _ rows: [DataRow], _ model: ModelSetting, _ decoder: Decoder, maxLength: Int,
        seed: UInt64, isGreedy: Bool
    ) throws -> [[Int32]] {
        var options = SpinOptions()
        options.rolloutMicroBatchSize = Self.evaluationSlots
        options.samplingParams.useGreedy = isGreedy
        let budgets = rows.map { min(maxLength, model.decoder.contextLength - $0.prompt.count) }
        let rollout = Rollout(
            decoder: decoder,
            rules: RolloutRules(
                stopTokens: model.stopTokens, endStrings: nil, maskMode: .exact),
            options: options,
            capacity: zip(rows, budgets).map { $0.prompt.count + max($0.response.count, $1) }
                .max() ?? 1)
        let requests = zip(rows, budgets).enumerated().map { index, row in
            RolloutRequest(
                prompt: row.0.prompt, actual: row.0.response, budget: row.1,
                random: CounterRandom(seed: seed, stream: (UInt32(index), 0, 0)))
        }
        return try rollout.answer(requests, betweenSteps: {}).map(\.generated)
    }
}
