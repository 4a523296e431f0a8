package import SpinDomain
package import Transformer

/// The floating-point operations that a whole run needs, known before anything is generated: a
/// generated response is taken to be as long as the actual one, as far as its budget goes.
package struct RunOperations: Sendable, Equatable {
    /// Forward and backward over all pairs of all steps.
    package private(set) var training = 0.0
    /// Generating, and scoring actual responses.
    package private(set) var rollout = 0.0
    package private(set) var validation = 0.0

    /// Means over more rows would take longer and say the same.
    private static let sampledRows = 512
    /// Shares of a large product's speed, as they were seen with models of 100 million parameters;
    /// much smaller models reach less.
    private static let (trainingShare, rolloutShare) = (0.75, 0.6)

    package init(
        _ decoder: DecoderConfiguration, _ configuration: JobConfiguration, plan: GamePlan,
        rows: [DataRow], validationRows: [DataRow], lengths: LengthRule
    ) {
        let operations = FloatOperations(decoder)
        let isSpin = configuration.method == .spin
        func generated(_ row: DataRow) -> Int {
            min(row.response.count, lengths.budget(prompt: row.prompt.count))
        }
        let pair = Self.mean(rows) { row in
            let responses = [row.response.count] + (isSpin ? [generated(row)] : [])
            return 3 * operations.forward(prompt: row.prompt.count, responses: responses)
        }
        training = pair * Double(plan.totalSteps * plan.globalBatchSize)
        if isSpin {
            let sample = Self.mean(rows) { row in
                operations.forward(
                    prompt: row.prompt.count, responses: [row.response.count, generated(row)])
            }
            rollout = sample * Double(plan.ownSamples * plan.iterations.count)
        }
        let validated = Self.mean(validationRows) { row in
            operations.forward(prompt: row.prompt.count, responses: [row.response.count])
        }
        let times = Self.validations(configuration.train, plan)
        validation = validated * Double(validationRows.count * times)
    }

    /// - Parameter peak: operations per second of a large matrix product.
    package func seconds(peak: Double) -> Double {
        (training + validation) / (Self.trainingShare * peak) + rollout / (Self.rolloutShare * peak)
    }

    private static func mean(_ rows: [DataRow], _ cost: (DataRow) -> Double) -> Double {
        guard !rows.isEmpty else { return 0 }
        let stride = max(1, rows.count / sampledRows)
        let sampled = Swift.stride(from: 0, to: rows.count, by: stride).map { rows[$0] }
        return sampled.reduce(0) { $0 + cost($1) } / Double(sampled.count)
    }

    private static func validations(_ train: TrainOptions, _ plan: GamePlan) -> Int {
        let atEnds = plan.iterations.count + 1
        guard let interval = train.valCheckInterval, let first = plan.iterations.first else {
            return atEnds
        }
        return max(atEnds, plan.totalSteps / max(1, interval.steps(of: first.stepsPerEpoch)))
    }
}

extension FloatOperations {
    /// A prompt with responses that each continue it; every response token is scored.
    fileprivate func forward(prompt: Int, responses: [Int]) -> Double {
        // A response's last token is predicted, but never read; its first one is predicted by the
        // prompt's last row.
        let continuations = responses.flatMap { prompt..<max(prompt, prompt + $0 - 1) }
        return forward(
            positions: (0..<prompt).map(Int32.init) + continuations.map(Int32.init),
            scored: ([prompt - 1] + continuations).map(Int32.init))
    }
}
