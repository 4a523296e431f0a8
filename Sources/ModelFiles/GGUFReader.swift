import SpinDomain

/// Reads the little-endian values of a GGUF header one after the other.
///
/// No count is believed: memory grows only with bytes that were really read, and the whole
/// header is bounded in bytes, in array elements and in nesting.
struct GGUFReader {
    /// Several times the header of the largest vocabularies in use.
    private static let maximumHeaderBytes = 100_000_000
    private static let maximumArrayElements = 8_000_000
    private static let maximumArrayDepth = 4
    private static let windowBytes = 1 << 20

    let file: InputFile
    /// Of the next value.
    private(set) var position = 0
    private var window: [UInt8] = []
    private var windowStart = 0
    private var arrayElements = 0

    init(_ file: InputFile) {
        self.file = file
    }

    func damaged(_ what: String) -> SpinError {
        SpinError.damaged(file.name, "\(what), at byte \(position)")
    }

    /// Bytes that may still belong to the header.
    private var remaining: Int { min(file.size, GGUFReader.maximumHeaderBytes) - position }

    /// The next `count` bytes; the position moves behind them.
    private mutating func take<Result>(
        _ count: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        guard count <= remaining else { throw damaged("the header does not fit in the file") }
        if position + count > windowStart + window.count {
            let length = min(max(count, GGUFReader.windowBytes), file.size - position)
            window = try file.bytes(at: position, count: length)
            windowStart = position
        }
        let start = position - windowStart
        position += count
        return try window.withUnsafeBytes {
            try body(UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
        }
    }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
        try take(MemoryLayout<Value>.size) {
            Value(littleEndian: $0.loadUnaligned(as: Value.self))
        }
    }

    /// A count of things of which each takes at least `minimumBytes` in the rest of the header.
    mutating func count(minimumBytes: Int, of things: String) throws -> Int {
        let count = try integer(UInt64.self)
        guard count <= UInt64(remaining / minimumBytes) else {
            throw damaged("the count of \(things), \(count), does not fit in the file")
        }
        return Int(count)
    }

    mutating func string() throws -> String {
        let length = try count(minimumBytes: 1, of: "a text's bytes")
        let text = try take(length) { String(validating: $0, as: UTF8.self) }
        guard let text else { throw damaged("a text is not UTF-8") }
        return text
    }

    mutating func value() throws -> GGUFValue {
        try value(type: try integer(UInt32.self), depth: 0)
    }

    private mutating func value(type: UInt32, depth: Int) throws -> GGUFValue {
        switch type {
        case 0: return .unsigned(UInt64(try integer(UInt8.self)))
        case 1: return .signed(Int64(try integer(Int8.self)))
        case 2: return .unsigned(UInt64(try integer(UInt16.self)))
        case 3: return .signed(Int64(try integer(Int16.self)))
        case 4: return .unsigned(UInt64(try integer(UInt32.self)))
        case 5: return .signed(Int64(try integer(Int32.self)))
        case 6: return .float(Double(Float(bitPattern: try integer(UInt32.self))))
        case 7: return try bool()
        case 8: return .string(try string())
        case 9: return try array(depth: depth + 1)
        case 10: return .unsigned(try integer(UInt64.self))
        case 11: return .signed(try integer(Int64.self))
        case 12: return .float(Double(bitPattern: try integer(UInt64.self)))
        default: throw damaged("a metadata value has the unknown type \(type)")
        }
    }

    private mutating func bool() throws -> GGUFValue {
        let byte = try integer(UInt8.self)
        guard byte <= 1 else { throw damaged("a truth value is \(byte)") }
        return .bool(byte == 1)
    }

    private mutating func array(depth: Int) throws -> GGUFValue {
        guard depth <= GGUFReader.maximumArrayDepth else {
            throw damaged("arrays are nested too deeply")
        }
        let type = try integer(UInt32.self)
        let count = try count(minimumBytes: 1, of: "an array's elements")
        arrayElements += count
        guard arrayElements <= GGUFReader.maximumArrayElements else {
            throw damaged("the metadata has more than \(GGUFReader.maximumArrayElements) elements")
        }
        var elements: [GGUFValue] = []
        for _ in 0..<count { elements.append(try value(type: type, depth: depth)) }
        return .array(elements)
    }
}
