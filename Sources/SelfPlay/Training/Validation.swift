import SpinDomain
package import Transformer

/// The loss on actual responses of a fixed set of rows in a fixed order; nothing is generated.
package struct Validation {
    package struct Result {
        /// Token-weighted mean negative log-likelihood.
        package let loss: Double
        package let tokens: Int
    }

    private let scorer: ResponseScorer
    private let pairs: [TrainingPair]

    /// - Parameter rows: those that `limit_val_batches` leaves.
    package init(decoder: Decoder, rows: [DataRow], microBatchSize: Int) {
        scorer = ResponseScorer(
            decoder: decoder, maskMode: .exact, pairsAtOnce: microBatchSize)
        pairs = rows.map { TrainingPair(prompt: $0.prompt, actual: $0.response) }
    }

    package func run(betweenBatches: () throws -> Void) throws -> Result {
        let sums = try scorer.sums(pairs, betweenBatches: betweenBatches)
        let tokens = pairs.reduce(0) { $0 + $1.actual.count }
        let logLikelihood = sums.reduce(0) { $0 + $1.allActual }
        guard logLikelihood.isFinite else {
            throw SpinError(.diverged, "the validation loss is not finite")
        }
        return Result(loss: -logLikelihood / Double(tokens), tokens: tokens)
    }
}
