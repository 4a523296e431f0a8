import CKernels

/// The RMSProp rule as in PyTorch, without momentum and not centred; weight decay is added to the
/// gradient.
///
/// g ← g + decay·θ, v ← α·v + (1 - α)·g², θ ← θ - lr · g / (√v + ε). Source: Hinton, "Neural
/// networks for machine learning", lecture 6e.
public struct RMSProp: Sendable {
    public var alpha: Double
    public var epsilon: Double
    public var weightDecay: Double

    public init(alpha: Double = 0.99, epsilon: Double = 1e-8, weightDecay: Double = 0) {
        self.alpha = alpha
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    /// One update in one pass; the gradients stay as they are.
    ///
    /// - Parameter gradientScale: multiplies the gradients first, for clipping and averaging.
    public func update(
        _ parameters: FloatBuffer, gradients: FloatBuffer, secondMoments: FloatBuffer,
        learningRate: Double, gradientScale: Double = 1, using pool: WorkerPool
    ) {
        let count = parameters.count
        precondition(
            gradients.count == count && secondMoments.count == count,
            "RMSProp.update: buffers differ in size from \(count)")
        let settings = spind_rmsprop(
            gradient_scale: Float(gradientScale), learning_rate: Float(learningRate),
            alpha: Float(alpha), one_minus_alpha: Float(1 - alpha), epsilon: Float(epsilon),
            weight_decay: Float(weightDecay))
        pool.split(count, grain: VectorOperations.grain) { _, range in
            let first = range.lowerBound
            withUnsafePointer(to: settings) {
                spind_rmsprop_update(
                    $0, parameters.pointer + first, gradients.pointer + first,
                    secondMoments.pointer + first, range.count)
            }
        }
    }
}
