import CKernels
import Glibc
import Synchronization

/// The matrix tiles of processors that have them (AMX), by which float32 matrices can be multiplied.
public enum MatrixTiles {
    /// Whether the processor has tiles, the system allows them, and their products are right.
    public static let areUsable =
        spind_tile_product_is_usable()
        && MatrixProduct.agreesWithNaive(MatrixProduct.computeByTiles)

    /// Whether products use them: wherever they are usable, unless SPIND_MATRIX_TILES is `off`.
    ///
    /// Never by a measurement, which would let a run that is resumed or repeated end with other
    /// bits (docs/decisions/0006).
    public static let areUsed =
        getenv("SPIND_MATRIX_TILES").map { String(cString: $0) } != "off" && areUsable

    /// Scratch memory of products that have ended; as many as have ever run at the same time.
    private static let idle = Mutex<[FloatBuffer]>([])

    /// Lends scratch memory for one product.
    static func withScratch(_ body: (UnsafeMutableRawPointer) -> Void) {
        let scratch =
            idle.withLock { $0.popLast() }
            ?? FloatBuffer(
                count: spind_tile_product_scratch_bytes() / MemoryLayout<Float>.stride)
        withExtendedLifetime(scratch) { body(scratch.pointer) }
        idle.withLock { $0.append(scratch) }
    }
}
