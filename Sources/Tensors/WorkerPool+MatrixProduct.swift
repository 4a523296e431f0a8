extension WorkerPool {
    /// C[m, n] = op(A)[m, k] · op(B)[k, n], or C += it; all row-major float32.
    ///
    /// Bits depend on the shapes and the pool's width only. With matrix tiles, or with at most
    /// `skinnyRows` rows, `transposeB` and not `transposeA`, a row of C does not even depend on the
    /// other rows or on the width.
    /// - Parameters:
    ///   - transposeA: A is stored [k, m].
    ///   - transposeB: B is stored [n, k], as linear layers store their weights.
    ///   - leadingA: floats from one stored row of A to the next; its stored columns when nil.
    ///     Likewise B and C.
    ///   - accumulate: add to what C holds instead of overwriting it.
    public func multiply(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>,
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false,
        leadingA: Int? = nil, leadingB: Int? = nil, leadingC: Int? = nil, accumulate: Bool = false
    ) {
        let product = MatrixProduct(
            a, b, into: c, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB,
            leadingA: leadingA, leadingB: leadingB, leadingC: leadingC, accumulate: accumulate)
        product.checkShapes()
        if product.m <= Self.skinnyRows && transposeB && !transposeA {
            split(product, Self.grain, byRows: false, MatrixProduct.computeSkinny)
        } else if MatrixTiles.areUsed {
            multiplyByTiles(product)
        } else {
            multiplyByVectors(product)
        }
    }

    /// - Precondition: `MatrixTiles.areUsable`.
    package func multiplyByTiles(_ product: MatrixProduct) {
        // Each worker packs the rows of A anew for its columns, which costs most for a transposed A;
        // without enough columns there is no choice.
        let byRows = product.transposeA || product.n < 2 * width * Self.tilePanel
        splitBySpeed(byRows ? product.m : product.n, grain: Self.tilePanel) { _, range in
            MatrixProduct.computeByTiles(product.part(range, isRows: byRows))
        }
    }

    /// Leaves matrix tiles alone.
    package func multiplyByVectors(_ product: MatrixProduct) {
        let compute =
            OpenBLAS.isUsable ? MatrixProduct.computeByOpenBLAS : MatrixProduct.computePortably
        split(product, Self.grain, byRows: product.m >= product.n, compute)
    }

    /// Up to this many rows our own kernel is faster than packing the weights for a general product
    /// (measured).
    public static let skinnyRows = 64

    /// Register tiles of common sgemm kernels are 16 columns wide; shares of whole tiles waste
    /// nothing.
    private static let grain = 16
    /// Rows and columns that matrix tiles take together.
    private static let tilePanel = 32
    /// Multiplications that take about as long as waking a worker.
    private static let smallestShare = 1 << 17

    private func split(
        _ product: MatrixProduct, _ tile: Int, byRows: Bool, _ compute: MatrixProduct.Compute
    ) {
        let (split, other) = byRows ? (product.m, product.n) : (product.n, product.m)
        let tilesPerShare = Self.smallestShare / max(1, tile * other * product.k) + 1
        self.split(split, grain: tile * tilesPerShare) { _, range in
            compute(product.part(range, isRows: byRows))
        }
    }
}

extension MatrixProduct {
    /// Whole rows or whole columns of C.
    fileprivate func part(_ range: Range<Int>, isRows: Bool) -> MatrixProduct {
        isRows ? part(rows: range, columns: 0..<n) : part(rows: 0..<m, columns: range)
    }

    /// Stops on a shape that would read or write outside of its matrices, or that OpenBLAS cannot
    /// count.
    fileprivate func checkShapes() {
        let (columnsA, columnsB) = (transposeA ? m : k, transposeB ? k : n)
        precondition(
            m >= 0 && n >= 0 && k >= 0 && leadingA >= columnsA && leadingB >= columnsB
                && leadingC >= n && max(m, n, k, leadingA, leadingB, leadingC) <= Int32.max,
            "multiply: [\(m), \(k)]·[\(k), \(n)], rows \(leadingA), \(leadingB), \(leadingC) apart"
        )
    }
}
