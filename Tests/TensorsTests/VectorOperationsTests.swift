import Tensors
import Testing

@Suite struct VectorOperationsTests {
    private let pools = [WorkerPool(width: 1), WorkerPool(width: 3)]

    @Test(arguments: [1, 17, 16_384, 100_001])
    func sumOfSquaresIsThatOfDoublesAtEveryWidth(count: Int) {
        let values = samples(count, seed: 1)
        let expected = values.array.reduce(0.0) { $0 + Double($1) * Double($1) }
        let found = pools.map {
            VectorOperations.sumOfSquares(values, using: $0)
        }
        // Both are sums in double, in different orders.
        #expect(abs(found[0] - expected) <= 1e-12 * expected)
        #expect(found[0] == found[1])
    }

    @Test func emptyVectorsAreFine() {
        let none = FloatBuffer(count: 0)
        #expect(VectorOperations.sumOfSquares(none, using: pools[1]) == 0)
        #expect(VectorOperations.isFinite(none, using: pools[1]))
        VectorOperations.scale(none, by: 2, using: pools[1])
    }

    @Test func scalesAndAddsEveryElement() {
        let count = 50_001
        let (target, source) = (samples(count, seed: 1), samples(count, seed: 2))
        let before = target.array
        VectorOperations.scale(target, by: 0.5, using: pools[1])
        VectorOperations.add(
            source, scaledBy: 2, to: target, using: pools[1])
        // Halving and doubling are exact, so one addition rounds, in either order of the terms.
        #expect(
            (0..<count).allSatisfy { target.pointer[$0] == before[$0] / 2 + 2 * source.pointer[$0] }
        )
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN])
    func anyNonFiniteValueIsFound(bad: Float) {
        let count = 70_000
        for place in [0, 1, 16_383, 16_384, 69_999] {
            let values = samples(count, seed: 1)
            for pool in pools {
                #expect(VectorOperations.isFinite(values, using: pool))
            }
            values.pointer[place] = bad
            for pool in pools {
                #expect(!VectorOperations.isFinite(values, using: pool))
            }
        }
    }
}
