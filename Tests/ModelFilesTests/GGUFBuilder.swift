/// A small file, each part of which a test can replace by a lie.
struct GGUFBuilder {
    var magic: UInt32 = 0x4655_4747
    var version: UInt32 = 3
    var tensorCount: UInt64?
    var metadataCount: UInt64?
    var metadata: [[UInt8]] = []
    var tensors: [[UInt8]] = []
    var dataBytes = 0
    var alignment = 32

    static func entry(_ key: String, _ type: UInt32, _ value: [UInt8]) -> [UInt8] {
        var builder = ByteBuilder()
        builder.put(key)
        builder.put(type)
        return builder.bytes + value
    }

    static func tensor(
        _ name: String = "a", axes: [UInt64] = [8], axisCount: UInt32? = nil, kind: UInt32 = 0,
        offset: UInt64 = 0
    ) -> [UInt8] {
        var builder = ByteBuilder()
        builder.put(name)
        builder.put(axisCount ?? UInt32(axes.count))
        for axis in axes { builder.put(axis) }
        builder.put(kind)
        builder.put(offset)
        return builder.bytes
    }

    var bytes: [UInt8] {
        var builder = ByteBuilder()
        builder.put(magic)
        builder.put(version)
        builder.put(tensorCount ?? UInt64(tensors.count))
        builder.put(metadataCount ?? UInt64(metadata.count))
        builder.bytes += metadata.flatMap { $0 } + tensors.flatMap { $0 }
        let padding = (alignment - builder.bytes.count % alignment) % alignment
        return builder.bytes + [UInt8](repeating: 0, count: padding + dataBytes)
    }
}
