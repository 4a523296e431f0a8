import Tensors

/// Numbers in [-1, 1), the same in every run.
func samples(_ count: Int, seed: UInt64) -> FloatBuffer {
    let random = CounterRandom(seed: seed, stream: (7, 7, 7))
    let buffer = FloatBuffer(count: count)
    for index in 0..<count {
        buffer.pointer[index] = random.uniformFloat(at: UInt32(index)) * 2 - 1
    }
    return buffer
}

func filled(_ values: [Float]) -> FloatBuffer {
    let buffer = FloatBuffer(count: values.count)
    for (index, value) in values.enumerated() {
        buffer.pointer[index] = value
    }
    return buffer
}

/// The largest |a - b|; infinity when one is NaN.
func largestDifference(_ a: FloatBuffer, _ b: FloatBuffer) -> Float {
    zip(a.array, b.array).reduce(0) { worst, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(worst, difference)
    }
}

func bits(_ buffer: FloatBuffer) -> [UInt32] {
    buffer.array.map(\.bitPattern)
}
