/// How a file stores numbers that can be read as 32-bit floats; all little-endian.
package enum ElementType: String, Sendable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case q8_0 = "Q8_0"
    case q4_0 = "Q4_0"
    case q4_1 = "Q4_1"
    case q5_0 = "Q5_0"
    case q5_1 = "Q5_1"
    case q4_K = "Q4_K"
    case q5_K = "Q5_K"
    case q6_K = "Q6_K"

    /// Numbers that share one scale and are stored together; 1 when each stands alone.
    package var blockElements: Int {
        switch self {
        case .float64, .float32, .float16, .bfloat16: 1
        case .q8_0, .q4_0, .q4_1, .q5_0, .q5_1: 32
        case .q4_K, .q5_K, .q6_K: 256
        }
    }

    package var blockBytes: Int {
        switch self {
        case .float64: 8
        case .float32: 4
        case .float16, .bfloat16: 2
        case .q8_0: 34
        case .q4_0: 18
        case .q4_1: 20
        case .q5_0: 22
        case .q5_1: 24
        case .q4_K: 144
        case .q5_K: 176
        case .q6_K: 210
        }
    }

    /// Writes `blocks · blockElements` floats to `target`.
    ///
    /// - Parameter source: `blocks · blockBytes` bytes, at any alignment.
    package func decode(
        _ source: UnsafeRawPointer, blocks: Int, into target: UnsafeMutablePointer<Float>
    ) {
        switch self {
        case .float64: decodeFloat64(source, blocks, target)
        case .float32:
            UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: 4 * blocks)
        case .float16: decodeFloat16(source, blocks, target)
        case .bfloat16: decodeBFloat16(source, blocks, target)
        case .q8_0: decodeQ8_0(source, blocks, target)
        case .q4_0: decodeQ4_0(source, blocks, target)
        case .q4_1: decodeQ4_1(source, blocks, target)
        case .q5_0: decodeQ5_0(source, blocks, target)
        case .q5_1: decodeQ5_1(source, blocks, target)
        case .q4_K: decodeQ4_K(source, blocks, target)
        case .q5_K: decodeQ5_K(source, blocks, target)
        case .q6_K: decodeQ6_K(source, blocks, target)
        }
    }
}

private func decodeFloat64(
    _ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<count {
        target[index] = Float(source.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
    }
}

private func decodeFloat16(
    _ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<count { target[index] = half(source, 2 * index) }
}

private func decodeBFloat16(
    _ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        target[index] = Float(bitPattern: UInt32(bits) << 16)
    }
}

/// The IEEE 754 half at a byte offset.
///
/// The exponent and fraction are moved to where a float has them and the exponent is corrected
/// by one product, which is exact for subnormal halves too. `Float16` would call a library
/// function for each number on processors without F16C.
@inline(__always)
func half(_ source: UnsafeRawPointer, _ offset: Int) -> Float {
    let bits = UInt32(source.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    let magnitude = Float(bitPattern: (bits & 0x7FFF) << 13) * 0x1p112
    let special: UInt32 = bits & 0x7C00 == 0x7C00 ? 0x7F80_0000 : 0
    return Float(bitPattern: magnitude.bitPattern | special | (bits & 0x8000) << 16)
}
