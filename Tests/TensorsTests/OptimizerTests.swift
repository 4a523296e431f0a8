import Tensors
import Testing

/// Float32 rounding of a handful of operations on numbers below 1.
private let tolerance: Float = 1e-6

@Suite struct OptimizerTests {
    private let pool = WorkerPool(width: 2)
    /// More than one share of the pool, and not a multiple of any vector width.
    private let count = 40_003

    @Test func adamWFollowsItsFormulaOverManySteps() {
        let rule = AdamW(beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1)
        let (parameters, first, second) = (
            samples(count, seed: 1), FloatBuffer(count: count), FloatBuffer(count: count)
        )
        var expected = parameters.array.map(Double.init)
        var (m, v) = (
            [Double](repeating: 0, count: count), [Double](repeating: 0, count: count)
        )
        var (decay1, decay2) = (1.0, 1.0)
        for step in 1...5 {
            let gradients = samples(count, seed: UInt64(step) + 10)
            rule.update(
                parameters, gradients: gradients, firstMoments: first, secondMoments: second,
                step: step, learningRate: 1e-2, gradientScale: 0.25, using: pool)
            decay1 *= 0.9
            decay2 *= 0.98
            for i in 0..<count {
                let gradient = Double(gradients.pointer[i]) * 0.25
                m[i] = 0.9 * m[i] + 0.1 * gradient
                v[i] = 0.98 * v[i] + 0.02 * gradient * gradient
                let root = (v[i] / (1 - decay2)).squareRoot()
                expected[i] -= 1e-2 * 0.1 * expected[i]
                expected[i] -= 1e-2 * (m[i] / (1 - decay1)) / (root + 1e-8)
            }
        }
        let worst = zip(parameters.array, expected).map { abs(Double($0) - $1) }.max() ?? 1
        #expect(worst < 3e-6)
    }

    private let parameters: [Float] = [1, -2, 0.5]
    private let gradients: [[Float]] = [[0.5, -0.25, 0], [-0.125, 0.75, 1e-6], [0.25, 0.5, -3]]

    /// Expected: torch.optim.AdamW(lr=0.1, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.01), torch
    /// 2.15, float64, the parameters and gradients above.
    @Test func adamWEndsWherePyTorchDoes() {
        let found = filled(parameters)
        let (first, second) = (FloatBuffer(count: 3), FloatBuffer(count: 3))
        for (index, gradient) in gradients.enumerated() {
            AdamW(beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.01).update(
                found, gradients: filled(gradient), firstMoments: first, secondMoments: second,
                step: index + 1, learningRate: 0.1, using: pool)
        }
        let expected = filled([0.78922229, -2.00969300, 0.48881822])
        #expect(largestDifference(found, expected) < tolerance)
    }

    /// Expected: torch.optim.RMSprop(lr=0.1, alpha=0.9, eps=1e-8, weight_decay=0.01), likewise.
    @Test func rmsPropEndsWherePyTorchDoes() {
        let found = filled(parameters)
        let second = FloatBuffer(count: 3)
        for gradient in gradients {
            RMSProp(alpha: 0.9, epsilon: 1e-8, weightDecay: 0.01).update(
                found, gradients: filled(gradient), secondMoments: second, learningRate: 0.1,
                using: pool)
        }
        let expected = filled([0.60743182, -2.15496886, 0.38570642])
        #expect(largestDifference(found, expected) < tolerance)
    }

    @Test func firstAdamWStepMovesByTheLearningRate() {
        let parameters = filled([1, -2])
        AdamW(epsilon: 0, weightDecay: 0.5).update(
            parameters, gradients: filled([1e-3, -50]), firstMoments: FloatBuffer(count: 2),
            secondMoments: FloatBuffer(count: 2), step: 1, learningRate: 0.1, using: pool)
        // m̂ = g and v̂ = g², so the step is lr·sign(g), after the decay by 1 - 0.1·0.5 = 0.95.
        #expect(abs(parameters.pointer[0] - (0.95 - 0.1)) < tolerance)
        #expect(abs(parameters.pointer[1] - (-1.9 + 0.1)) < tolerance)
    }

    @Test func rmsPropFollowsItsFormula() {
        let rule = RMSProp(alpha: 0.9, epsilon: 1e-6, weightDecay: 0.05)
        let (parameters, second) = (samples(count, seed: 1), FloatBuffer(count: count))
        var expected = parameters.array.map(Double.init)
        var v = [Double](repeating: 0, count: count)
        for step in 1...4 {
            let gradients = samples(count, seed: UInt64(step) + 20)
            rule.update(
                parameters, gradients: gradients, secondMoments: second, learningRate: 1e-2,
                gradientScale: 0.5, using: pool)
            for i in 0..<count {
                let gradient = Double(gradients.pointer[i]) * 0.5 + 0.05 * expected[i]
                v[i] = 0.9 * v[i] + 0.1 * gradient * gradient
                expected[i] -= 1e-2 * gradient / (v[i].squareRoot() + 1e-6)
            }
        }
        let worst = zip(parameters.array, expected).map { abs(Double($0) - $1) }.max() ?? 1
        #expect(worst < 3e-6)
    }

    @Test func updatesDoNotDependOnTheWidth() {
        let results = [1, 2, 5].map { width in
            let parameters = samples(count, seed: 1)
            AdamW(weightDecay: 0.1).update(
                parameters, gradients: samples(count, seed: 2),
                firstMoments: FloatBuffer(count: count), secondMoments: FloatBuffer(count: count),
                step: 1, learningRate: 1e-3, using: WorkerPool(width: width))
            return bits(parameters)
        }
        #expect(Set(results).count == 1)
    }
}
