import CKernels
import Glibc
import Tensors

/// KL(policy ‖ reference) of the next token, exact over the vocabulary.
///
/// KL(p ‖ q) = Σᵥ p(v) · (log p(v) − log q(v)), in nats.
public final class DivergencePass {
    /// Rows whose logits under both models are in memory at once.
    private static let rowsAtOnce = 32

    private let policy: TrainingPass
    private let reference: TrainingPass
    private let pool: WorkerPool
    private let vocabulary: Int

    /// - Parameters:
    ///   - policy: the model whose tokens the mean is over, p.
    ///   - reference: of the same shape, q.
    public init(policy: Decoder, reference: Decoder) {
        precondition(
            policy.weights.layout == reference.weights.layout,
            "DivergencePass: the models have different shapes")
        self.policy = TrainingPass(decoder: policy, gradients: nil, logitBudgetBytes: 0)
        self.reference = TrainingPass(decoder: reference, gradients: nil, logitBudgetBytes: 0)
        pool = policy.pool
        vocabulary = policy.configuration.vocabularySize
    }

    /// Computes the tokens that all sequences of the following calls begin with; see `TrainingPass`.
    public func share(_ tokens: [Int32]) {
        policy.share(tokens, keeping: false)
        reference.share(tokens, keeping: false)
    }

    /// The divergence of what comes after each of the scored rows, in their order.
    public func divergences(_ rows: PackedRows, after scored: [Int]) -> [Double] {
        guard !scored.isEmpty else { return [] }
        policy.read(rows, logitsOf: scored)
        reference.read(rows, logitsOf: scored)
        return stride(from: 0, to: scored.count, by: Self.rowsAtOnce).flatMap { first in
            divergences(Array(scored[first..<min(first + Self.rowsAtOnce, scored.count)]))
        }
    }

    private func divergences(_ rows: [Int]) -> [Double] {
        guard let policy = policy.logits(of: rows).baseAddress,
            let reference = reference.logits(of: rows).baseAddress
        else { return [] }
        let vocabulary = vocabulary
        var divergences = [Double](repeating: 0, count: rows.count)
        divergences.withUnsafeMutableBufferPointer { divergences in
            // Each worker writes places of its own.
            nonisolated(unsafe) let divergences = divergences
            nonisolated(unsafe) let (policy, reference) = (policy, reference)
            pool.splitRows(rows.count, channels: vocabulary) { _, range in
                for place in range {
                    divergences[place] = Self.divergence(
                        policy + place * vocabulary, reference + place * vocabulary, vocabulary)
                }
            }
        }
        return divergences
    }

    /// Of two rows of logits, which are overwritten: Σ p · (z − w) − (log Σ eᶻ − log Σ eʷ).
    private static func divergence(
        _ z: UnsafeMutablePointer<Float>, _ w: UnsafeMutablePointer<Float>, _ count: Int
    ) -> Double {
        let (zSum, wSum) = (logSumExp(z, count), logSumExp(w, count))
        for index in 0..<count { w[index] = z[index] - w[index] }
        spind_softmax_gradient(Int64(count), 1, Float(zSum), 1, z, z)
        var sum = 0.0
        for index in 0..<count { sum += Double(z[index] * w[index]) }
        return sum - (zSum - wSum)
    }

    private static func logSumExp(_ logits: UnsafePointer<Float>, _ count: Int) -> Double {
        var maximum = -Float.infinity
        var sum: Float = 0
        spind_log_sum_exp_update(Int64(count), 1, logits, &maximum, &sum)
        return Double(maximum) + log(Double(sum))
    }
}
