import CKernels
import COpenBLAS

/// One product C[m, n] (+)= op(A)[m, k] · op(B)[k, n] of row-major matrices, and the ways to
/// compute a part of it.
package struct MatrixProduct {
    package var a: UnsafePointer<Float>
    package var b: UnsafePointer<Float>
    package var c: UnsafeMutablePointer<Float>
    package var m: Int
    package var n: Int
    package var k: Int
    /// A is stored [k, m].
    package var transposeA: Bool
    /// B is stored [n, k].
    package var transposeB: Bool
    /// Floats from one row to the next.
    package var leadingA: Int
    package var leadingB: Int
    package var leadingC: Int
    /// Add to what C holds instead of overwriting it.
    package var accumulate: Bool

    package typealias Compute = (_ product: MatrixProduct) -> Void

    package init(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>,
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false,
        leadingA: Int? = nil, leadingB: Int? = nil, leadingC: Int? = nil, accumulate: Bool = false
    ) {
        (self.a, self.b, self.c) = (a, b, c)
        (self.m, self.n, self.k) = (m, n, k)
        self.transposeA = transposeA
        self.transposeB = transposeB
        self.leadingA = leadingA ?? (transposeA ? m : k)
        self.leadingB = leadingB ?? (transposeB ? k : n)
        self.leadingC = leadingC ?? n
        self.accumulate = accumulate
    }

    /// The same product for some rows and columns of C only.
    package func part(rows: Range<Int>, columns: Range<Int>) -> MatrixProduct {
        var part = self
        part.a += rows.lowerBound * (transposeA ? 1 : leadingA)
        part.b += columns.lowerBound * (transposeB ? leadingB : 1)
        part.c += rows.lowerBound * leadingC + columns.lowerBound
        (part.m, part.n) = (rows.count, columns.count)
        return part
    }

    /// By OpenBLAS, on the calling thread alone.
    package static func computeByOpenBLAS(_ product: MatrixProduct) {
        spind_openblas_sgemm(
            product.transposeA, product.transposeB, Int32(product.m), Int32(product.n),
            Int32(product.k), product.a, Int32(product.leadingA), product.b,
            Int32(product.leadingB), product.accumulate ? 1 : 0, product.c, Int32(product.leadingC))
    }

    /// By our own kernel, which wins while C has few rows; needs A as it is and B transposed.
    ///
    /// The bits of a row of C do not depend on the other rows.
    package static func computeSkinny(_ product: MatrixProduct) {
        var skinny = spind_skinny_product(
            activations: product.a, weights: product.b, results: product.c, m: product.m,
            n: product.n, k: product.k, activation_stride: product.leadingA,
            weight_stride: product.leadingB, result_stride: product.leadingC,
            accumulate: product.accumulate)
        spind_skinny_product_compute(&skinny, 0, product.n)
    }

    /// Without OpenBLAS: blocks of A and B are copied into the layout of our own kernel.
    package static func computePortably(_ product: MatrixProduct) {
        let rowBlock = 64
        let columnBlock = 256
        let copies = FloatBuffer(count: (rowBlock + columnBlock) * product.k)
        let (rowCopy, columnCopy) = (copies.pointer, copies.pointer + rowBlock * product.k)
        for column in stride(from: 0, to: product.n, by: columnBlock) {
            let columns = column..<min(column + columnBlock, product.n)
            var stripe = product.part(rows: 0..<product.m, columns: columns)
            if !product.transposeB {
                transpose(stripe.b, stripe.leadingB, product.k, columns.count, into: columnCopy)
                (stripe.b, stripe.leadingB) = (UnsafePointer(columnCopy), product.k)
                stripe.transposeB = true
            }
            for row in stride(from: 0, to: product.m, by: rowBlock) {
                let rows = row..<min(row + rowBlock, product.m)
                var block = stripe.part(rows: rows, columns: 0..<columns.count)
                if product.transposeA {
                    transpose(block.a, block.leadingA, product.k, rows.count, into: rowCopy)
                    (block.a, block.leadingA) = (UnsafePointer(rowCopy), product.k)
                    block.transposeA = false
                }
                computeSkinny(block)
            }
        }
    }

    /// target[columns, rows] = source[rows, columns] transposed, in squares that stay in the
    /// first-level cache.
    private static func transpose(
        _ source: UnsafePointer<Float>, _ leading: Int, _ rows: Int, _ columns: Int,
        into target: UnsafeMutablePointer<Float>
    ) {
        let side = 32
        for firstRow in stride(from: 0, to: rows, by: side) {
            for firstColumn in stride(from: 0, to: columns, by: side) {
                for column in firstColumn..<min(firstColumn + side, columns) {
                    for row in firstRow..<min(firstRow + side, rows) {
                        target[column * rows + row] = source[row * leading + column]
                    }
                }
            }
        }
    }
}
