import CKernels
import Glibc

/// The AdamW rule: bias-corrected moments, weight decay apart from the gradient.
///
/// Source: Loshchilov and Hutter, "Decoupled weight decay regularization", Algorithm 2, with the
/// update ordered as in PyTorch: θ ← (1 - lr·decay)·θ - lr · m̂ / (√v̂ + ε).
public struct AdamW: Sendable {
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    public var weightDecay: Double

    public init(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    /// One update in one pass; the gradients stay as they are.
    ///
    /// - Parameters:
    ///   - step: how many updates the moments will have seen after this one, from 1.
    ///   - gradientScale: multiplies the gradients first, for clipping and averaging.
    public func update(
        _ parameters: FloatBuffer, gradients: FloatBuffer, firstMoments: FloatBuffer,
        secondMoments: FloatBuffer, step: Int, learningRate: Double, gradientScale: Double = 1,
        using pool: WorkerPool
    ) {
        let count = parameters.count
        precondition(
            [gradients, firstMoments, secondMoments].allSatisfy { $0.count == count } && step >= 1,
            "AdamW.update: buffers differ in size from \(count), or step \(step) is below 1")
        let settings = spind_adamw(
            gradient_scale: Float(gradientScale), decay: Float(1 - learningRate * weightDecay),
            beta1: Float(beta1), one_minus_beta1: Float(1 - beta1),
            beta2: Float(beta2), one_minus_beta2: Float(1 - beta2),
            step_size: Float(learningRate / (1 - pow(beta1, Double(step)))),
            inverse_root_correction2: Float(1 / (1 - pow(beta2, Double(step))).squareRoot()),
            epsilon: Float(epsilon))
        pool.split(count, grain: VectorOperations.grain) { _, range in
            let first = range.lowerBound
            withUnsafePointer(to: settings) {
                spind_adamw_update(
                    $0, parameters.pointer + first, gradients.pointer + first,
                    firstMoments.pointer + first, secondMoments.pointer + first, range.count)
            }
        }
    }
}
