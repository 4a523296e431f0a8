extension MatrixProduct {
    /// Three-fold loop in double: what every other way is checked against.
    package static func computeNaively(_ product: MatrixProduct) {
        for row in 0..<product.m {
            for column in 0..<product.n {
                var sum = 0.0
                for inner in 0..<product.k {
                    let a =
                        product.transposeA
                        ? product.a[inner * product.leadingA + row]
                        : product.a[row * product.leadingA + inner]
                    let b =
                        product.transposeB
                        ? product.b[column * product.leadingB + inner]
                        : product.b[inner * product.leadingB + column]
                    sum += Double(a) * Double(b)
                }
                let result = product.c + (row * product.leadingC + column)
                result.pointee = Float(product.accumulate ? Double(result.pointee) + sum : sum)
            }
        }
    }

    /// Whether a way to compute products gives what the naive loop gives.
    ///
    /// Tries all transposes, and shapes that fill, exceed and miss the tiles of common kernels;
    /// takes a few milliseconds.
    package static func agreesWithNaive(_ compute: Compute) -> Bool {
        let shapes = [
            (1, 1, 1), (5, 7, 3), (16, 16, 16), (33, 50, 65), (70, 49, 130), (3, 200, 96),
        ]
        return shapes.allSatisfy { m, n, k in
            [(false, false), (false, true), (true, false), (true, true)].allSatisfy {
                transposeA, transposeB in
                [false, true].allSatisfy { accumulate in
                    let (a, b) = (samples(m * k, seed: 1), samples(k * n, seed: 2))
                    let (found, expected) = (samples(m * n, seed: 3), samples(m * n, seed: 3))
                    var product = MatrixProduct(
                        a.pointer, b.pointer, into: found.pointer, m: m, n: n, k: k,
                        transposeA: transposeA, transposeB: transposeB, accumulate: accumulate)
                    compute(product)
                    product.c = expected.pointer
                    computeNaively(product)
                    // Samples lie in [-1, 1): rounding stays far below the bound, a wrong term far
                    // above.
                    return withExtendedLifetime((a, b)) {
                        (0..<m * n).allSatisfy { abs(found[$0] - expected[$0]) < 1e-3 }
                    }
                }
            }
        }
    }

    private static func samples(_ count: Int, seed: UInt64) -> FloatBuffer {
        let random = CounterRandom(seed: seed, stream: (0, 0, 0))
        let buffer = FloatBuffer(count: count)
        for index in 0..<count {
            buffer.pointer[index] = random.uniformFloat(at: UInt32(index)) * 2 - 1
        }
        return buffer
    }
}
