import Glibc
package import SpinDomain

/// The loss of one pair as a function of its margin D = s(y) − s(y′), s being policy minus
/// reference log-probability of a response (arXiv 2401.01335, equation 4.7).
///
/// The gradient of the policy is `gradientScale · (∇NLL(y) − ∇NLL(y′))`.
package struct SpinLoss: Sendable {
    package let kind: SpinOptions.Loss
    /// β, the paper's λ.
    package let klPenalty: Double

    package init(_ kind: SpinOptions.Loss, klPenalty: Double) {
        self.kind = kind
        self.klPenalty = klPenalty
    }

    /// −log σ(β·D), or max(0, 1 − β·D).
    package func value(margin: Double) -> Double {
        let scaled = klPenalty * margin
        switch kind {
        // log(1 + exp(−x)) without overflow.
        case .sigmoid: return max(-scaled, 0) + log1p(exp(-abs(scaled)))
        case .hinge: return max(0, 1 - scaled)
        }
    }

    /// c = −dL/dD: β·σ(−β·D), or β while the hinge is open.
    package func gradientScale(margin: Double) -> Double {
        switch kind {
        case .sigmoid: klPenalty * sigmoidOfMinus(margin)
        case .hinge: klPenalty * margin < 1 ? klPenalty : 0
        }
    }

    /// Whether the logistic loss hardly pulls any more: σ(−β·D) < 0.01.
    package func isSaturated(margin: Double) -> Bool {
        sigmoidOfMinus(margin) < 0.01
    }

    private func sigmoidOfMinus(_ margin: Double) -> Double {
        1 / (1 + exp(klPenalty * margin))
    }
}
