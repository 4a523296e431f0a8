public import SpinDomain

/// Measures what this machine can do at most: the yardstick of every other speed.
///
/// Figures are those of the best of several tries, since other programs only ever slow one down.
public struct SpeedProbe: Sendable {
    private static let mostTries = 50

    private let pool: WorkerPool
    private let clock: any Clock

    public init(pool: WorkerPool, clock: any Clock) {
        self.pool = pool
        self.clock = clock
    }

    /// Operations a second of a product of two square matrices, 2 · size³ operations each, in
    /// vector registers, by OpenBLAS or our own kernel, whichever is faster: what every other
    /// library on this machine can do at most.
    ///
    /// - Parameters:
    ///   - size: from 2048 on the share of memory traffic does not matter any more.
    ///   - seconds: how long to try; once at least.
    /// - Returns: nil when the clock stands still.
    public func matrixProduct(size: Int = 2048, seconds: Double = 0.2) -> Double? {
        let library = matrixProduct(size: size, seconds: seconds, pool.multiplyByLibrary)
        guard let library, ProductKernel.usable.contains(.vectors) else { return library }
        return matrixProduct(size: size, seconds: seconds) { pool.multiply($0, by: .vectors) }
            .map { max($0, library) }
    }

    /// The same as this program multiplies.
    public func fastestMatrixProduct(size: Int = 2048, seconds: Double = 0.2) -> Double? {
        matrixProduct(size: size, seconds: seconds) {
            pool.multiply($0.a, $0.b, into: $0.c, m: $0.m, n: $0.n, k: $0.k)
        }
    }

    private func matrixProduct(
        size: Int, seconds: Double, _ multiply: (MatrixProduct) -> Void
    ) -> Double? {
        let (a, b) = (someFloats(size * size), someFloats(size * size))
        let c = FloatBuffer(count: size * size)
        let operations = 2 * Double(size) * Double(size) * Double(size)
        let product = MatrixProduct(
            a.pointer, b.pointer, into: c.pointer, m: size, n: size, k: size)
        return withExtendedLifetime((a, b, c)) {
            shortest(seconds) { multiply(product) }.map { operations / $0 }
        }
    }

    /// Bytes a second of reading memory from one end to the other.
    ///
    /// - Parameter bytes: far more than the caches hold.
    public func readBandwidth(bytes: Int = 512 << 20, seconds: Double = 0.5) -> Double? {
        let values = someFloats(bytes / MemoryLayout<Float>.size)
        return shortest(seconds) { _ = VectorOperations.sumOfSquares(values, using: pool) }
            .map { Double(bytes) / $0 }
    }

    /// Bytes a second of a[i] = b[i] + s · c[i], counted as STREAM does: two reads and one write.
    ///
    /// Source: McCalpin, "Memory bandwidth and machine balance", 1995.
    /// - Parameter bytes: of each of the three arrays.
    public func triadBandwidth(bytes: Int = 256 << 20, seconds: Double = 0.5) -> Double? {
        let count = bytes / MemoryLayout<Float>.size
        let (b, c) = (someFloats(count), someFloats(count))
        let a = someFloats(count)
        return shortest(seconds) {
            pool.split(count, grain: VectorOperations.grain) { _, range in
                let (a, b, c) = (a.pointer, b.pointer, c.pointer)
                for index in range { a[index] = b[index] + 3 * c[index] }
            }
        }.map { 3 * Double(bytes) / $0 }
    }

    /// Seconds of the fastest of as many tries as fit into `seconds`.
    private func shortest(_ seconds: Double, _ work: () -> Void) -> Double? {
        let start = clock.now()
        var shortest = Double.infinity
        for _ in 0..<Self.mostTries {
            let began = clock.now()
            work()
            let ended = clock.now()
            guard ended > began else { return nil }
            shortest = min(shortest, ended.seconds(since: began))
            if ended.seconds(since: start) >= seconds { break }
        }
        return shortest
    }

    /// Pages are touched, and no product is a special case.
    private func someFloats(_ count: Int) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        pool.split(count, grain: VectorOperations.grain) { _, range in
            for index in range { buffer.pointer[index] = Float(index & 7) - 3 }
        }
        return buffer
    }
}
