// The block formats of GGUF. A block of 32 numbers holds a scale `d` (half), for the `_1` kinds
// an offset `m` (half), for the 5-bit kinds the 32 fifth bits, then the low four bits: byte j
// holds number j in its low half and number j + 16 in its high half. The `_K` kinds have 256
// numbers and scales of their own for each 16 or 32 of them.
// Source of the formats: ggml's block layouts; checked against the `gguf` Python package.
//
// Products and sums are rounded one by one, in the order of that package, so that the floats are
// the same to the last bit.

func decodeQ8_0(
    _ source: UnsafeRawPointer, _ blocks: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<blocks {
        let block = source + 34 * index
        let values = target + 32 * index
        let scale = half(block, 0)
        for j in 0..<32 {
            values[j] = Float(block.load(fromByteOffset: 2 + j, as: Int8.self)) * scale
        }
    }
}

func decodeQ4_0(
    _ source: UnsafeRawPointer, _ blocks: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<blocks {
        let block = source + 18 * index
        let values = target + 32 * index
        let scale = half(block, 0)
        for j in 0..<16 {
            let byte = Int32(block.load(fromByteOffset: 2 + j, as: UInt8.self))
            values[j] = scale * Float((byte & 15) - 8)
            values[j + 16] = scale * Float((byte >> 4) - 8)
        }
    }
}

func decodeQ4_1(
    _ source: UnsafeRawPointer, _ blocks: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<blocks {
        let block = source + 20 * index
        let values = target + 32 * index
        let scale = half(block, 0)
        let offset = half(block, 2)
        for j in 0..<16 {
            let byte = Int32(block.load(fromByteOffset: 4 + j, as: UInt8.self))
            values[j] = scale * Float(byte & 15) + offset
            values[j + 16] = scale * Float(byte >> 4) + offset
        }
    }
}

func decodeQ5_0(
    _ source: UnsafeRawPointer, _ blocks: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<blocks {
        let block = source + 22 * index
        let values = target + 32 * index
        let scale = half(block, 0)
        let fifthBits = block.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
        for j in 0..<16 {
            let byte = Int32(block.load(fromByteOffset: 6 + j, as: UInt8.self))
            let low = byte & 15 | fifthBit(fifthBits, j)
            let high = byte >> 4 | fifthBit(fifthBits, j + 16)
            values[j] = scale * Float(low - 16)
            values[j + 16] = scale * Float(high - 16)
        }
    }
}

func decodeQ5_1(
    _ source: UnsafeRawPointer, _ blocks: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<blocks {
        let block = source + 24 * index
        let values = target + 32 * index
        let scale = half(block, 0)
        let offset = half(block, 2)
        let fifthBits = block.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        for j in 0..<16 {
            let byte = Int32(block.load(fromByteOffset: 8 + j, as: UInt8.self))
            let low = byte & 15 | fifthBit(fifthBits, j)
            let high = byte >> 4 | fifthBit(fifthBits, j + 16)
            values[j] = scale * Float(low) + offset
            values[j + 16] = scale * Float(high) + offset
        }
    }
}

/// Bit `index` of `bits`, at the place of a number's fifth bit.
@inline(__always)
private func fifthBit(_ bits: UInt32, _ index: Int) -> Int32 {
    Int32(truncatingIfNeeded: bits &>> UInt32(truncatingIfNeeded: index) & 1) &<< 4
}

/// Scale and offset, 6 bits each, of the `part`-th 32 numbers of a Q4_K or Q5_K block.
///
/// Parts 0…3 lie in the low 6 bits of bytes 0…3 (scales) and 4…7 (offsets). Parts 4…7 have
/// their low 4 bits in bytes 8…11 and their high 2 bits on top of bytes 0…3 and 4…7.
@inline(__always)
private func scaleAndOffset(_ packed: UnsafeRawPointer, part: Int) -> (Float, Float) {
    func byte(_ index: Int) -> UInt8 { packed.load(fromByteOffset: index, as: UInt8.self) }
    if part < 4 { return (Float(byte(part) & 63), Float(byte(part + 4) & 63)) }
    let low = byte(part + 4)
    let scale = low & 15 | (byte(part - 4) >> 6) << 4
    let offset = low >> 4 | (byte(part) >> 6) << 4
    return (Float(scale), Float(offset))
}

func decodeQ4_K(
    _ source: UnsafeRawPointer, _ blocks: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<blocks {
        let block = source + 144 * index
        let values = target + 256 * index
        for part in 0..<8 {
            let (scale, offset) = scaleAndOffset(block + 4, part: part)
            let partScale = half(block, 0) * scale
            let partOffset = half(block, 2) * offset
            // Two parts share 32 bytes: the even one the low halves, the odd one the high ones.
            let bytes = block + 16 + 32 * (part / 2)
            let shift = Int32(4 * (part % 2))
            for j in 0..<32 {
                let byte = Int32(bytes.load(fromByteOffset: j, as: UInt8.self))
                values[32 * part + j] = partScale * Float(byte &>> shift & 15) - partOffset
            }
        }
    }
}

func decodeQ5_K(
    _ source: UnsafeRawPointer, _ blocks: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<blocks {
        let block = source + 176 * index
        let values = target + 256 * index
        for part in 0..<8 {
            let (scale, offset) = scaleAndOffset(block + 4, part: part)
            let partScale = half(block, 0) * scale
            let partOffset = half(block, 2) * offset
            let bytes = block + 48 + 32 * (part / 2)
            let shift = Int32(4 * (part % 2))
            for j in 0..<32 {
                let low = Int32(bytes.load(fromByteOffset: j, as: UInt8.self)) &>> shift & 15
                // Bit `part` of byte 16 + j is the fifth bit of number j of that part.
                let fifth = Int32(block.load(fromByteOffset: 16 + j, as: UInt8.self))
                let number = low | (fifth &>> Int32(part) & 1) &<< 4
                values[32 * part + j] = partScale * Float(number) - partOffset
            }
        }
    }
}

func decodeQ6_K(
    _ source: UnsafeRawPointer, _ blocks: Int, _ target: UnsafeMutablePointer<Float>
) {
    for index in 0..<blocks {
        let block = source + 210 * index
        let values = target + 256 * index
        let blockScale = half(block, 208)
        // Eight parts of 32: 64 bytes of low halves serve parts 0…3, 32 bytes of bit pairs too.
        for part in 0..<8 {
            let lowBytes = block + 64 * (part / 4) + 32 * (part % 2)
            let lowShift = Int32(part % 4 / 2 * 4)
            let highBytes = block + 128 + 32 * (part / 4)
            let highShift = Int32(part % 4 * 2)
            for j in 0..<32 {
                let low = Int32(lowBytes.load(fromByteOffset: j, as: UInt8.self))
                let high = Int32(highBytes.load(fromByteOffset: j, as: UInt8.self))
                let number = low &>> lowShift & 15 | (high &>> highShift & 3) &<< 4
                // One signed scale for each 16 numbers.
                let scale = block.load(fromByteOffset: 192 + 2 * part + j / 16, as: Int8.self)
                values[32 * part + j] = blockScale * Float(scale) * Float(number - 32)
            }
        }
    }
}
