import CKernels
import Glibc
import Synchronization

/// The matrix tiles of processors that have them (AMX), which multiply float32 matrices faster than
/// vector registers do.
///
/// SPIND_MATRIX_TILES=off in the environment leaves them unused.
public enum MatrixTiles {
    /// Whether the processor has tiles, the system allows them, and their products are right.
    public static let areUsable =
        getenv("SPIND_MATRIX_TILES").map { String(cString: $0) } != "off"
        && spind_tile_product_is_usable()
        && MatrixProduct.agreesWithNaive(MatrixProduct.computeByTiles)

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
