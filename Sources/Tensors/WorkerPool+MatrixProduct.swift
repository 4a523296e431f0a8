extension WorkerPool {
    /// C[m, n] = op(A)[m, k] · op(B)[k, n], or C += it; all row-major float32.
    ///
    /// Bits depend on the shapes and the pool's width only. With a `ProductKernel`, or with at most
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
            split(product, byRows: false, MatrixProduct.computeSkinny)
        } else if let kernel = ProductKernel.used {
            multiply(product, by: kernel)
        } else {
            multiplyByLibrary(product)
        }
    }

    /// - Precondition: the kernel is usable.
    package func multiply(_ product: MatrixProduct, by kernel: ProductKernel) {
        let byRows = splitsRows(product, kernel)
        let grain = Self.grain(product, byRows, panel: kernel.panel)
        splitBySpeed(product.count(byRows), grain: grain) { _, range in
            kernel.compute(product.part(range, byRows))
        }
    }

    /// Each worker packs for itself what all of them need, so that is the smaller matrix; but a
    /// transposed A costs matrix tiles most.
    private func splitsRows(_ product: MatrixProduct, _ kernel: ProductKernel) -> Bool {
        if product.n < 2 * width * kernel.panel { return true }
        return switch kernel {
        case .tiles: product.transposeA
        case .vectors: product.m >= product.n
        }
    }

    /// By OpenBLAS, or without it portably.
    package func multiplyByLibrary(_ product: MatrixProduct) {
        let compute =
            OpenBLAS.isUsable ? MatrixProduct.computeByOpenBLAS : MatrixProduct.computePortably
        split(product, byRows: product.m >= product.n, compute)
    }

    private func split(
        _ product: MatrixProduct, byRows: Bool, _ compute: MatrixProduct.Compute
    ) {
        let grain = Self.grain(product, byRows, panel: Self.panel)
        split(product.count(byRows), grain: grain) { _, range in
            compute(product.part(range, byRows))
        }
    }

    /// Up to this many rows our own kernel is faster than packing the weights for a general product
    /// (measured).
    public static let skinnyRows = 64

    /// Rows or columns that OpenBLAS and the skinny kernel take together, or a multiple of what they do.
    private static let panel = 32
    /// Multiplications that take about as long as waking a worker.
    private static let smallestShare = 1 << 17

    /// Whole panels, and so many that a share is worth a worker.
    private static func grain(_ product: MatrixProduct, _ byRows: Bool, panel: Int) -> Int {
        let other = byRows ? product.n : product.m
        return panel * (smallestShare / max(1, panel * other * product.k) + 1)
    }
}

extension MatrixProduct {
    /// What is shared out.
    fileprivate func count(_ byRows: Bool) -> Int { byRows ? m : n }

    /// Whole rows or whole columns of C.
    fileprivate func part(_ range: Range<Int>, _ byRows: Bool) -> MatrixProduct {
        byRows ? part(rows: range, columns: 0..<n) : part(rows: 0..<m, columns: range)
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
