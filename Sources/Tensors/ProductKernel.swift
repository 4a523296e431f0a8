import CKernels
import Glibc
import Synchronization

/// Our own kernels for large matrix products, the fastest first.
///
/// Each adds an element up over k in one order, so that its bits depend neither on the shapes of
/// the matrices nor on what share of them a worker has.
public enum ProductKernel: String, CaseIterable, Sendable {
    /// Matrix tiles for bfloat16 (AMX), by which float32 matrices can be multiplied
    /// (docs/decisions/0006).
    case tiles
    /// Vectors of 512 bits (docs/decisions/0013).
    case vectors

    /// Those that the processor has, the system allows, and whose products are right.
    public static let usable = allCases.filter(\.isUsable)

    /// The one for products; nil for OpenBLAS.
    ///
    /// The first that is usable, unless SPIND_MATRIX_KERNEL names another, or `openblas`. Never by
    /// a measurement, which would let a run that is resumed or repeated end with other bits.
    public static let used: ProductKernel? = {
        let wanted = getenv("SPIND_MATRIX_KERNEL").map { String(cString: $0) } ?? ""
        if wanted == "openblas" { return nil }
        return usable.first { $0.rawValue == wanted } ?? usable.first
    }()

    /// The processor's feature.
    public var feature: String {
        switch self {
        case .tiles: "AMX"
        case .vectors: "AVX-512"
        }
    }

    /// Columns of C that are computed together: a worker's share is best a multiple of them.
    var panel: Int {
        switch self {
        case .tiles: 32
        case .vectors: Int(SPIND_PANEL_WIDTH)
        }
    }

    private var isUsable: Bool {
        let isThere =
            switch self {
            case .tiles: spind_tile_product_is_usable()
            case .vectors: spind_vector_product_is_usable()
            }
        return isThere && MatrixProduct.agreesWithNaive(compute)
    }

    /// Computes a product on the calling thread alone.
    package func compute(_ product: MatrixProduct) {
        var arguments = spind_matrix_product(
            a: product.a, b: product.b, c: product.c, m: product.m, n: product.n, k: product.k,
            leading_a: product.leadingA, leading_b: product.leadingB, leading_c: product.leadingC,
            transpose_a: product.transposeA, transpose_b: product.transposeB,
            accumulate: product.accumulate)
        Self.withScratch { scratch in
            switch self {
            case .tiles: spind_tile_product_compute(&arguments, scratch)
            case .vectors: spind_vector_product_compute(&arguments, scratch)
            }
        }
    }

    /// Scratch memory of products that have ended; as many as have ever run at the same time.
    private static let idle = Mutex<[FloatBuffer]>([])
    private static let scratchBytes = max(
        spind_tile_product_scratch_bytes(), spind_vector_product_scratch_bytes())

    /// Lends scratch memory for one product.
    private static func withScratch(_ body: (UnsafeMutableRawPointer) -> Void) {
        let scratch =
            idle.withLock { $0.popLast() }
            ?? FloatBuffer(count: scratchBytes / MemoryLayout<Float>.stride)
        withExtendedLifetime(scratch) { body(scratch.pointer) }
        idle.withLock { $0.append(scratch) }
    }
}
