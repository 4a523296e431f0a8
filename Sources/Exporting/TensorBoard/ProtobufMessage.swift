/// A protocol buffer message being written, field after field.
///
/// What TensorBoard reads are a dozen fields, fewer than a library and its generator would bring.
package struct ProtobufMessage {
    private enum WireType: Int {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// For fields of the types int32, int64 and enumerations.
    package mutating func add(_ field: Int, integer: Int) {
        addTag(field, .varint)
        addVarint(UInt64(bitPattern: Int64(integer)))
    }

    package mutating func add(_ field: Int, double: Double) {
        addTag(field, .fixed64)
        bytes += LittleEndian.bytes(double.bitPattern)
    }

    package mutating func add(_ field: Int, float: Float) {
        addTag(field, .fixed32)
        bytes += LittleEndian.bytes(float.bitPattern)
    }

    /// For fields of the types string and bytes.
    package mutating func add(_ field: Int, text: String) {
        addDelimited(field, Array(text.utf8))
    }

    package mutating func add(_ field: Int, message: ProtobufMessage) {
        addDelimited(field, message.bytes)
    }

    private mutating func addDelimited(_ field: Int, _ content: [UInt8]) {
        addTag(field, .lengthDelimited)
        addVarint(UInt64(content.count))
        bytes += content
    }

    private mutating func addTag(_ field: Int, _ type: WireType) {
        addVarint(UInt64(field << 3 | type.rawValue))
    }

    /// Seven bits a byte, the lowest first; all but the last have the highest bit set.
    private mutating func addVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

enum LittleEndian {
    static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
