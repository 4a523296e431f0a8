import CKernels
import Glibc
import Testing

@Suite struct FastMathTests {
    /// The promise of fast_math.h.
    private let relativeTolerance = 1e-7

    @Test func exponentialIsAccurateOverItsWholeRange() {
        var worst = 0.0
        for step in 0...200_000 {
            let x = Float(-87.33 + Double(step) * (88.72 + 87.33) / 200_000)
            let exact = exp(Double(x))
            worst = max(worst, abs(Double(spind_exp(x)) - exact) / exact)
        }
        #expect(worst < relativeTolerance)
    }

    @Test func exponentialOfExtremesIsZeroOrInfinite() {
        #expect(spind_exp(-.infinity) == 0)
        #expect(spind_exp(-1000) == 0)
        #expect(spind_exp(.infinity) == .infinity)
        #expect(spind_exp(1000) == .infinity)
        #expect(spind_exp(0) == 1)
    }

    @Test func sigmoidAndHyperbolicTangentAreAccurate() {
        for step in -2000...2000 {
            let x = Float(step) * 0.01
            #expect(abs(Double(spind_tanh(x)) - tanh(Double(x))) < 2e-7)
            #expect(abs(Double(spind_sigmoid(x)) - 1 / (1 + exp(-Double(x)))) < 2e-7)
        }
        #expect(spind_tanh(-100) == -1)
        #expect(spind_tanh(100) == 1)
        #expect(spind_sigmoid(-200) == 0)
    }
}
