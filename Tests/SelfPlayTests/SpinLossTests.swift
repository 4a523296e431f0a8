import Foundation
import SelfPlay
import SpinDomain
import Testing

@Suite struct SpinLossTests {
    /// Doubles, a handful of operations.
    private static let tolerance = 1e-12

    @Test(arguments: [0.1, 1, 5])
    func lossAtMarginZeroIsLogTwoAndHalfThePenaltyPulls(klPenalty: Double) {
        let loss = SpinLoss(.sigmoid, klPenalty: klPenalty)
        #expect(abs(loss.value(margin: 0) - log(2)) < Self.tolerance)
        #expect(abs(loss.gradientScale(margin: 0) - klPenalty / 2) < Self.tolerance)
    }

    @Test(arguments: [-7.0, -0.3, 0, 0.4, 6], [0.1, 1, 5])
    func sigmoidLossIsMinusLogSigmoid(margin: Double, klPenalty: Double) {
        let loss = SpinLoss(.sigmoid, klPenalty: klPenalty)
        let sigmoid = 1 / (1 + exp(-klPenalty * margin))
        #expect(abs(loss.value(margin: margin) + log(sigmoid)) < 1e-9)
    }

    /// Central differences in double: error about h² plus rounding/h.
    @Test(arguments: [SpinOptions.Loss.sigmoid, .hinge], [-3.0, -0.2, 0.3, 0.9, 4])
    func gradientScaleIsMinusTheDerivative(kind: SpinOptions.Loss, margin: Double) {
        let loss = SpinLoss(kind, klPenalty: 0.7)
        let h = 1e-5
        let slope = (loss.value(margin: margin + h) - loss.value(margin: margin - h)) / (2 * h)
        #expect(abs(loss.gradientScale(margin: margin) + slope) < 1e-8)
    }

    @Test func extremeMarginsStayFinite() {
        let loss = SpinLoss(.sigmoid, klPenalty: 5)
        #expect(loss.value(margin: 1e6) == 0)
        #expect(loss.gradientScale(margin: 1e6) == 0)
        #expect(loss.value(margin: -1e6) == 5e6)
        #expect(loss.gradientScale(margin: -1e6) == 5)
    }

    @Test func hingeIsClosedFromOneOn() {
        let loss = SpinLoss(.hinge, klPenalty: 2)
        #expect(loss.value(margin: 0) == 1)
        #expect(loss.value(margin: 0.5) == 0)
        #expect(loss.gradientScale(margin: 0.5) == 0)
        #expect(loss.gradientScale(margin: 0.499) == 2)
    }

    @Test func saturationBeginsBelowOneHundredth() {
        let loss = SpinLoss(.sigmoid, klPenalty: 1)
        let edge = log(99.0)  // σ(−x) = 1/100
        #expect(!loss.isSaturated(margin: edge - 1e-6))
        #expect(loss.isSaturated(margin: edge + 1e-6))
    }
}
