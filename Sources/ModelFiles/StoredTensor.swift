import SpinDomain

/// A tensor of a file whose place and size have been checked against the file.
package struct StoredTensor: Sendable {
    /// Readable as floats, or another kind by the name that the file gives it.
    package enum Encoding: Sendable, Equatable {
        case readable(ElementType)
        case other(String)

        package var name: String {
            switch self {
            case .readable(let type): type.rawValue
            case .other(let name): name
            }
        }
    }

    package let name: String
    /// Row-major, the last axis contiguous; the product does not overflow.
    package let shape: [Int]
    package let encoding: Encoding
    package let file: InputFile
    /// First byte in the file.
    package let offset: Int
    package let byteCount: Int

    package var count: Int { shape.reduce(1, *) }
    /// Floats of one row; a whole number of blocks.
    package var rowCount: Int { shape.last ?? 1 }
    /// 1 for a vector.
    package var rows: Int { shape.dropLast().reduce(1, *) }

    /// The element type.
    /// - Throws: `unsupported` for a kind that cannot be read as floats.
    package func elementType() throws -> ElementType {
        switch encoding {
        case .readable(let type): return type
        case .other(let kind):
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            throw SpinError(
                .unsupported, "\(file.name): tensor '\(name)' is stored as \(kind)",
                hint: "readable are \(known)")
        }
    }

    /// Decodes some rows to `rows.count · rowCount` floats.
    ///
    /// - Throws: `unsupported` kind; `damagedFile` when the file ends early or a number is not
    ///   finite; `inputOutput`.
    package func read(rows: Range<Int>, into target: UnsafeMutablePointer<Float>) throws {
        let type = try elementType()
        let firstBlock = rows.lowerBound * rowCount / type.blockElements
        let blocks = rows.count * rowCount / type.blockElements
        // Small enough that the decoded floats are still in the cache when they are checked.
        let blocksAtOnce = max(1, 65_536 / type.blockElements)
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(blocks, blocksAtOnce) * type.blockBytes, alignment: 64)
        defer { scratch.deallocate() }
        guard let bytes = scratch.baseAddress else { return }
        for start in stride(from: 0, to: blocks, by: blocksAtOnce) {
            let count = min(blocksAtOnce, blocks - start)
            let floats = target + start * type.blockElements
            let place = offset + (firstBlock + start) * type.blockBytes
            let window = UnsafeMutableRawBufferPointer(
                start: bytes, count: count * type.blockBytes)
            try file.read(at: place, into: window)
            type.decode(bytes, blocks: count, into: floats)
            guard isFinite(floats, count: count * type.blockElements) else {
                throw SpinError.damaged(
                    file.name, "tensor '\(name)' has a value that is not a finite number")
            }
        }
    }

    /// All of a small tensor.
    package func floats() throws -> [Float] {
        try [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let start = buffer.baseAddress else { return }
            try read(rows: 0..<rows, into: start)
            filled = count
        }
    }
}

/// Whether every number is finite: an exponent of ones makes the largest bit pattern.
private func isFinite(_ floats: UnsafePointer<Float>, count: Int) -> Bool {
    var largest: UInt32 = 0
    for index in 0..<count { largest = max(largest, floats[index].bitPattern & 0x7FFF_FFFF) }
    return largest < Float.infinity.bitPattern
}

/// The product of a shape's axes, or nil when one is negative or the product overflows.
func checkedProduct(_ shape: [Int]) -> Int? {
    var product = 1
    for axis in shape {
        let (next, overflow) = product.multipliedReportingOverflow(by: axis)
        guard axis >= 0, !overflow else { return nil }
        product = next
    }
    return product
}
