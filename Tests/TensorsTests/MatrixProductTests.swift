import CKernels
import Tensors
import Testing

/// Rounding of a float32 sum of k ≤ 600 products of numbers below 1: about √k · 2⁻²⁴ · √k, with
/// room.
private let tolerance: Float = 1e-4

@Suite struct MatrixProductTests {
    static let pools = [WorkerPool(width: 1), WorkerPool(width: 2), WorkerPool(width: 5)]

    private struct Shape {
        var m: Int
        var n: Int
        var k: Int
    }

    /// Runs one product on a pool and naively, on matrices with gaps between rows, and compares all
    /// of C's memory.
    private func difference(
        _ shape: Shape, transposeA: Bool, transposeB: Bool, accumulate: Bool, pool: WorkerPool
    ) -> Float {
        let (m, n, k) = (shape.m, shape.n, shape.k)
        let leadingA = (transposeA ? m : k) + 3
        let leadingB = (transposeB ? k : n) + 1
        let leadingC = n + 2
        let a = samples((transposeA ? k : m) * leadingA, seed: 1)
        let b = samples((transposeB ? n : k) * leadingB, seed: 2)
        let (found, expected) = (samples(m * leadingC, seed: 3), samples(m * leadingC, seed: 3))
        pool.multiply(
            a.pointer, b.pointer, into: found.pointer, m: m, n: n, k: k, transposeA: transposeA,
            transposeB: transposeB, leadingA: leadingA, leadingB: leadingB, leadingC: leadingC,
            accumulate: accumulate)
        MatrixProduct.computeNaively(
            MatrixProduct(
                a.pointer, b.pointer, into: expected.pointer, m: m, n: n, k: k,
                transposeA: transposeA, transposeB: transposeB, leadingA: leadingA,
                leadingB: leadingB, leadingC: leadingC, accumulate: accumulate))
        return largestDifference(found, expected)
    }

    @Test(arguments: 1...70)
    func everyRowCountAgreesWithTheNaiveLoop(m: Int) {
        for (n, k) in [(1, 1), (7, 16), (50, 37), (33, 576)] {
            for accumulate in [false, true] {
                let worst = difference(
                    Shape(m: m, n: n, k: k), transposeA: false, transposeB: true,
                    accumulate: accumulate, pool: Self.pools[1])
                #expect(worst < tolerance, "n \(n), k \(k), accumulate \(accumulate)")
            }
        }
    }

    @Test func randomShapesAndTransposesAgreeWithTheNaiveLoop() {
        let random = CounterRandom(seed: 5, stream: (0, 0, 0))
        for trial in 0..<150 {
            let draw = random.bits(at: UInt32(trial))
            let shape = Shape(
                m: 1 + Int(draw[0] % 150), n: 1 + Int(draw[1] % 150), k: 1 + Int(draw[2] % 200))
            let worst = difference(
                shape, transposeA: draw[3] & 1 > 0, transposeB: draw[3] & 2 > 0,
                accumulate: draw[3] & 4 > 0, pool: Self.pools[trial % 3])
            #expect(worst < tolerance, "trial \(trial): \(shape), bits \(draw[3] & 7)")
        }
    }

    @Test func portableProductAgreesWithTheNaiveLoop() {
        #expect(MatrixProduct.agreesWithNaive(MatrixProduct.computePortably))
    }

    @Test(arguments: ProductKernel.usable)
    func ownKernelsRoundAboutAsSumsInFloat32Do(kernel: ProductKernel) {
        let (m, n, k) = (70, 100, 1000)
        let (a, b) = (samples(m * k, seed: 1), samples(k * n, seed: 2))
        let (own, portable) = (FloatBuffer(count: m * n), FloatBuffer(count: m * n))
        let exact = FloatBuffer(count: m * n)
        for (result, compute) in [
            (own, kernel.compute), (portable, MatrixProduct.computePortably),
            (exact, MatrixProduct.computeNaively),
        ] {
            compute(
                MatrixProduct(a.pointer, b.pointer, into: result.pointer, m: m, n: n, k: k))
        }
        withExtendedLifetime((a, b)) {}
        // The portable sums are partial ones of 16 lanes, which round less than successive ones:
        // by the square root of 333 successive products against 63.
        let share = 3.0
        #expect(rootMeanSquareError(own, exact) < share * rootMeanSquareError(portable, exact))
    }

    @Test(
        .enabled(if: ProductKernel.usable.contains(.tiles)),
        arguments: [(1e-30, 1e30), (3e38, 1e-30), (0, 5)])
    func tilesKeepTheExponentRangeOfFloat32(a: Float, b: Float) {
        let k = 40
        let (rows, columns) = (FloatBuffer(count: k), FloatBuffer(count: k))
        for index in 0..<k { (rows[index], columns[index]) = (a, b) }
        let result = FloatBuffer(count: 1)
        ProductKernel.tiles.compute(
            MatrixProduct(rows.pointer, columns.pointer, into: result.pointer, m: 1, n: 1, k: k))
        withExtendedLifetime((rows, columns)) {}
        #expect(abs(result[0] - Float(k) * (a * b)) <= 1e-5 * Float(k) * a * b)
    }

    @Test(arguments: ProductKernel.usable, [false, true])
    func ownKernelsGiveAnElementTheSameBitsInEveryShape(kernel: ProductKernel, transposeA: Bool) {
        let (m, n, k) = (100, 700, 650)
        let (a, b) = (samples(m * k, seed: 1), samples(k * n, seed: 2))
        let whole = FloatBuffer(count: m * n)
        var product = MatrixProduct(
            a.pointer, b.pointer, into: whole.pointer, m: m, n: n, k: k, transposeA: transposeA)
        Self.pools[2].multiply(product, by: kernel)
        let part = FloatBuffer(count: 3 * 5)
        product = product.part(rows: 41..<44, columns: 333..<338)
        (product.c, product.leadingC) = (part.pointer, 5)
        kernel.compute(product)
        withExtendedLifetime((a, b)) {}
        for row in 0..<3 {
            for column in 0..<5 {
                #expect(part[row * 5 + column] == whole[(41 + row) * n + 333 + column])
            }
        }
    }

    /// Rows that lie a multiple of 4 KiB apart, more of them than pass over a panel at a time, and
    /// sums in several chunks.
    @Test(arguments: ProductKernel.usable)
    func ownKernelsAgreeWithTheNaiveLoopWhereRowsCollideInTheCache(kernel: ProductKernel) {
        let (m, n, k) = (530, 33, 1024)
        let (a, b) = (samples(m * k, seed: 1), samples(k * n, seed: 2))
        let (found, expected) = (FloatBuffer(count: m * n), FloatBuffer(count: m * n))
        for (result, compute) in [
            (found, kernel.compute), (expected, MatrixProduct.computeNaively),
        ] {
            compute(
                MatrixProduct(
                    a.pointer, b.pointer, into: result.pointer, m: m, n: n, k: k, transposeB: true))
        }
        withExtendedLifetime((a, b)) {}
        #expect(largestDifference(found, expected) < 2 * tolerance)
    }

    @Test(arguments: ProductKernel.usable)
    func ownKernelsSharedOutOverWorkersAgreeWithTheNaiveLoop(kernel: ProductKernel) {
        for pool in Self.pools {
            #expect(MatrixProduct.agreesWithNaive { pool.multiply($0, by: kernel) })
        }
    }

    @Test(arguments: ProductKernel.usable, [false, true])
    func ownKernelsGiveTheSameBitsHoweverTheWorkersShareThem(
        kernel: ProductKernel, transposeA: Bool
    ) {
        let (m, n, k) = (300, 330, 90)
        let (a, b) = (samples(m * k, seed: 1), samples(k * n, seed: 2))
        let pools = [WorkerPool(width: 1)] + Array(repeating: Self.pools[2], count: 5)
        let products = pools.map { pool in
            let c = FloatBuffer(count: m * n)
            pool.multiply(
                MatrixProduct(
                    a.pointer, b.pointer, into: c.pointer, m: m, n: n, k: k, transposeA: transposeA),
                by: kernel)
            return (0..<c.count).map { c[$0].bitPattern }
        }
        withExtendedLifetime((a, b)) {}
        for product in products { #expect(product == products[0]) }
    }

    /// What processors without our own kernels use.
    @Test func productsByTheLibrarySharedOutOverWorkersAgreeWithTheNaiveLoop() {
        for pool in Self.pools {
            #expect(MatrixProduct.agreesWithNaive { pool.multiplyByLibrary($0) })
        }
    }

    private func rootMeanSquareError(_ found: FloatBuffer, _ exact: FloatBuffer) -> Double {
        let squares = (0..<exact.count).map { index in
            let difference = Double(found[index]) - Double(exact[index])
            return difference * difference
        }
        return (squares.reduce(0, +) / Double(exact.count)).squareRoot()
    }

    @Test func selfCheckRefusesAProductThatForgetsATerm() {
        #expect(
            !MatrixProduct.agreesWithNaive { product in
                var shorter = product
                shorter.k -= 1
                MatrixProduct.computeNaively(shorter)
            })
    }

    @Test(arguments: [false, true])
    func emptySumIsZeroOrLeavesTheResult(accumulate: Bool) {
        for m in [3, 100] {
            let (a, b) = (FloatBuffer(count: 1), FloatBuffer(count: 1))
            let found = samples(m * 5, seed: 3)
            Self.pools[1].multiply(
                a.pointer, b.pointer, into: found.pointer, m: m, n: 5, k: 0, transposeB: true,
                accumulate: accumulate)
            let expected = accumulate ? samples(m * 5, seed: 3) : FloatBuffer(count: m * 5)
            #expect(bits(found) == bits(expected))
        }
    }

    @Test func aRowsBitsDependNeitherOnTheOtherRowsNorOnTheWidth() {
        let (n, k) = (61, 150)
        let (x, w) = (samples(64 * k, seed: 1), samples(n * k, seed: 2))
        let alone = FloatBuffer(count: 64 * n)
        for row in 0..<64 {
            Self.pools[0].multiply(
                x.pointer + row * k, w.pointer, into: alone.pointer + row * n, m: 1, n: n, k: k,
                transposeB: true)
        }
        for (m, pool) in [(64, Self.pools[0]), (64, Self.pools[1]), (17, Self.pools[2])] {
            let together = FloatBuffer(count: m * n)
            pool.multiply(
                x.pointer, w.pointer, into: together.pointer, m: m, n: n, k: k, transposeB: true)
            #expect(bits(together) == Array(bits(alone).prefix(m * n)))
        }
    }

    @Test(arguments: [1, 2, 3, 4, 7, 64], [15, 16, 150])
    func tilesForFewRegistersGiveTheSameBits(m: Int, k: Int) {
        let n = 23
        let (x, w) = (samples(m * k, seed: 1), samples(n * k, seed: 2))
        let (wide, narrow) = (FloatBuffer(count: m * n), FloatBuffer(count: m * n))
        for (result, compute) in [
            (wide, spind_skinny_product_compute), (narrow, spind_skinny_product_compute_narrow),
        ] {
            var product = spind_skinny_product(
                activations: x.pointer, weights: w.pointer, results: result.pointer, m: m, n: n,
                k: k, activation_stride: k, weight_stride: k, result_stride: n, accumulate: false)
            compute(&product, 0, n)
        }
        withExtendedLifetime((x, w)) {}
        #expect(bits(wide) == bits(narrow))
    }

    @Test func sameShapesAndWidthGiveTheSameBits() {
        let (m, n, k) = (130, 96, 300)
        let (x, dy) = (samples(k * m, seed: 1), samples(k * n, seed: 2))
        let runs = (0..<5).map { _ in
            let result = FloatBuffer(count: m * n)
            Self.pools[1].multiply(
                x.pointer, dy.pointer, into: result.pointer, m: m, n: n, k: k, transposeA: true)
            return bits(result)
        }
        #expect(Set(runs).count == 1)
    }
}
