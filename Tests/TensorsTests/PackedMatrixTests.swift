import CKernels
import Tensors
import Testing

/// Rounding of a float32 sum of k ≤ 600 products of numbers below 1, added one after the other.
private let tolerance: Float = 1e-4

@Suite struct PackedMatrixTests {
    private static let pools = [1, 2, 5].map { WorkerPool(width: $0) }

    private func naive(_ x: FloatBuffer, _ w: FloatBuffer, m: Int, n: Int, k: Int) -> FloatBuffer {
        let y = FloatBuffer(count: m * n)
        MatrixProduct.computeNaively(
            MatrixProduct(
                x.pointer, w.pointer, into: y.pointer, m: m, n: n, k: k, transposeB: true))
        return y
    }

    @Test(arguments: 0...60)
    func everyRowCountAgreesWithTheNaiveLoop(m: Int) {
        for (n, k) in [(1, 1), (33, 16), (50, 37), (96, 200), (131, 576)] {
            let (x, w) = (samples(m * k, seed: 1), samples(n * k, seed: 2))
            for pool in Self.pools {
                let packed = PackedMatrix(w.pointer, rows: n, columns: k, using: pool)
                let y = FloatBuffer(count: m * n)
                pool.multiply(x.pointer, packed, into: y.pointer, m: m)
                let worst = largestDifference(y, naive(x, w, m: m, n: n, k: k))
                #expect(worst < tolerance, "n \(n), k \(k), width \(pool.width)")
            }
        }
    }

    /// Sums of one chunk and of several.
    @Test(arguments: [1, 2, 3, 5, 8, 9, 15, 40, 900], [300, 1101])
    func aRowsBitsDependOnItAlone(m: Int, k: Int) {
        let n = 200
        let (x, w) = (samples(m * k, seed: 1), samples(n * k, seed: 2))
        let together = Self.pools.map { pool in
            let packed = PackedMatrix(w.pointer, rows: n, columns: k, using: pool)
            let y = FloatBuffer(count: m * n)
            pool.multiply(x.pointer, packed, into: y.pointer, m: m)
            return bits(y)
        }
        let packed = PackedMatrix(w.pointer, rows: n, columns: k, using: Self.pools[0])
        let alone = FloatBuffer(count: m * n)
        for row in 0..<m {
            Self.pools[0].multiply(
                x.pointer + row * k, packed, into: alone.pointer + row * n, m: 1)
        }
        #expect(together.allSatisfy { $0 == bits(alone) })
    }

    @Test func aPartIsItsColumnsOfTheWhole() {
        let (m, n, k) = (19, 150, 64)
        let (x, w) = (samples(m * k, seed: 1), samples(n * k, seed: 2))
        let packed = PackedMatrix(w.pointer, rows: n, columns: k, using: Self.pools[1])
        let whole = FloatBuffer(count: m * n)
        Self.pools[1].multiply(x.pointer, packed, into: whole.pointer, m: m)
        let width = PackedMatrix.panelWidth
        for part in [0..<2 * width, width..<n, 2 * width..<2 * width + 1] {
            let found = FloatBuffer(count: m * part.count)
            Self.pools[1].multiply(x.pointer, packed, part: part, into: found.pointer, m: m)
            let expected = (0..<m).flatMap { row in part.map { whole[row * n + $0].bitPattern } }
            #expect(bits(found) == expected)
        }
    }

    /// Both widths, and with few rows panels side by side, in chunks of k: one chain of additions.
    @Test(arguments: [1, 2, 3, 4, 5, 13, 14, 29, 64], [15, 16, 150, 1100])
    func everyTileAddsUpInOneChain(m: Int, k: Int) {
        let n = 247
        let width = PackedMatrix.panelWidth
        let panelCount = (n + width - 1) / width
        let (x, w) = (samples(m * k, seed: 1), samples(n * k, seed: 2))
        let panels = FloatBuffer(count: panelCount * width * k)
        spind_panels_pack(w.pointer, k, n, k, 0, panelCount, panels.pointer)
        let chains = (0..<m * n).map { index in
            let (row, column) = index.quotientAndRemainder(dividingBy: n)
            return (0..<k).reduce(Float(0)) { sum, step in
                sum.addingProduct(x.pointer[row * k + step], w.pointer[column * k + step])
            }.bitPattern
        }
        for compute in [spind_panel_product_compute, spind_panel_product_compute_narrow] {
            let result = FloatBuffer(count: m * n)
            var product = spind_panel_product(
                activations: x.pointer, panels: panels.pointer, results: result.pointer, m: m,
                n: n, k: k, activation_stride: k, result_stride: n)
            compute(&product, 0, panelCount)
            #expect(bits(result) == chains)
        }
        withExtendedLifetime((x, w, panels)) {}
    }
}
