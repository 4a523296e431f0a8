import SpinDomain
import Tensors

extension Session {
    private static let size = 4096
    private static let repeats = 3

    /// The yardstick: a large square product.
    func sgemm() -> JSONObject {
        let size = Self.size
        let a = FloatBuffer(count: size * size)
        let b = FloatBuffer(count: size * size)
        let c = FloatBuffer(count: size * size)
        for index in 0..<size * size {
            a.pointer[index] = Float(index % 7) - 3
            b.pointer[index] = Float(index % 5) - 2
        }
        let best = (0..<Self.repeats).map { _ in
            timed {
                pool.multiply(a.pointer, b.pointer, into: c.pointer, m: size, n: size, k: size)
            }.seconds
        }.min()
        let operations = 2 * Double(size) * Double(size) * Double(size)
        return ["gflops": .number(best.map { operations / $0 / 1e9 } ?? 0)]
    }
}
