package import Foundation
import SpinDomain

/// A GGUF file, version 2 or 3, little-endian: metadata, a table of tensors, their data.
///
/// Every count, offset and size is checked against the file when it is opened.
package struct GGUFFile: Sendable {
    package let name: String
    package let fileBytes: Int
    package let metadata: [String: GGUFValue]
    /// In the order of the table.
    package let tensors: [StoredTensor]
    private let indexByName: [String: Int]

    /// - Throws: `notFound`, `inputOutput`, `damagedFile`; `unsupported` version or byte order.
    package init(_ url: URL) throws {
        let file = try InputFile(url)
        var reader = GGUFReader(file)
        let (tensorCount, metadataCount) = try GGUFFile.counts(&reader)
        name = file.name
        fileBytes = file.size
        metadata = try GGUFFile.metadata(&reader, count: metadataCount)
        let infos = try GGUFFile.tensorInfos(&reader, count: tensorCount)
        let alignment = try GGUFFile.alignment(metadata, file)
        // The header is bounded, so rounding up cannot overflow.
        let dataStart = (reader.position + alignment - 1) / alignment * alignment
        tensors = try infos.map {
            try $0.stored(in: file, dataStart: dataStart, alignment: alignment)
        }
        try GGUFFile.checkOverlaps(tensors, file)
        indexByName = Dictionary(
            uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    }

    package subscript(name: String) -> StoredTensor? {
        indexByName[name].map { tensors[$0] }
    }

    private static func counts(_ reader: inout GGUFReader) throws -> (tensors: Int, metadata: Int) {
        let name = reader.file.name
        guard reader.file.size >= 24, try reader.integer(UInt32.self) == 0x4655_4747 else {
            throw SpinError.damaged(name, "does not begin with 'GGUF'")
        }
        let version = try reader.integer(UInt32.self)
        guard version == 2 || version == 3 else {
            let isSwapped = version.byteSwapped <= 3 && version != 0
            throw SpinError(
                .unsupported,
                "\(name): " + (isSwapped ? "is big-endian" : "has GGUF version \(version)"),
                hint: "readable are little-endian files of versions 2 and 3")
        }
        // The shortest tensor entry: name length, axes, kind, offset. The shortest metadata
        // entry: name length, kind, one byte.
        let tensors = try reader.count(minimumBytes: 24, of: "tensors")
        return (tensors, try reader.count(minimumBytes: 13, of: "metadata entries"))
    }

    private static func metadata(
        _ reader: inout GGUFReader, count: Int
    ) throws -> [String: GGUFValue] {
        var metadata: [String: GGUFValue] = [:]
        for _ in 0..<count {
            let key = try reader.string()
            guard metadata.updateValue(try reader.value(), forKey: key) == nil else {
                throw reader.damaged("the metadata key '\(key)' stands twice")
            }
        }
        return metadata
    }

    private static func alignment(_ metadata: [String: GGUFValue], _ file: InputFile) throws -> Int
    {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard let alignment = value.integer, (1...65_536).contains(alignment),
            alignment.nonzeroBitCount == 1
        else {
            throw SpinError.damaged(file.name, "has a general.alignment that is no power of two")
        }
        return alignment
    }

    private static func tensorInfos(
        _ reader: inout GGUFReader, count: Int
    ) throws -> [TensorInfo] {
        var infos: [TensorInfo] = []
        var names: Set<String> = []
        for _ in 0..<count {
            let info = try TensorInfo(&reader)
            guard names.insert(info.name).inserted else {
                throw reader.damaged("the tensor '\(info.name)' stands twice")
            }
            infos.append(info)
        }
        return infos
    }

    private static func checkOverlaps(_ tensors: [StoredTensor], _ file: InputFile) throws {
        var end = 0
        for tensor in tensors.sorted(by: { $0.offset < $1.offset }) {
            guard tensor.offset >= end else {
                throw SpinError.damaged(file.name, "tensor '\(tensor.name)' overlaps another")
            }
            end = tensor.offset + tensor.byteCount
        }
    }
}

/// An entry of the tensor table, before its place is checked.
private struct TensorInfo {
    let name: String
    /// Row-major; the file has the axes the other way round.
    let shape: [Int]
    let kind: UInt32
    let offset: UInt64

    init(_ reader: inout GGUFReader) throws {
        let name = try reader.string()
        let axes = try reader.integer(UInt32.self)
        guard (1...4).contains(axes) else {
            throw reader.damaged("tensor '\(name)' has \(axes) axes")
        }
        var shape: [Int] = []
        for _ in 0..<axes {
            let axis = try reader.integer(UInt64.self)
            guard let length = Int(exactly: axis), length > 0 else {
                throw reader.damaged("tensor '\(name)' has an axis of length \(axis)")
            }
            shape.append(length)
        }
        self.name = name
        self.shape = shape.reversed()
        kind = try reader.integer(UInt32.self)
        offset = try reader.integer(UInt64.self)
    }

    /// The tensor's place, checked against the file.
    func stored(in file: InputFile, dataStart: Int, alignment: Int) throws -> StoredTensor {
        func damaged(_ what: String) -> SpinError {
            SpinError.damaged(file.name, "tensor '\(name)' \(what)")
        }
        guard let count = checkedProduct(shape) else { throw damaged("has an impossible shape") }
        guard let relative = Int(exactly: offset), relative <= file.size, dataStart <= file.size,
            relative % alignment == 0
        else { throw damaged("has the impossible offset \(offset)") }
        let start = dataStart + relative
        guard let type = TensorInfo.types[kind] else {
            // A kind whose size is not known can only be checked when it is wanted: never.
            let kind = TensorInfo.otherTypes[kind] ?? "ggml type \(kind)"
            return StoredTensor(
                name: name, shape: shape, encoding: .other(kind), file: file,
                offset: start, byteCount: 0)
        }
        guard (shape.last ?? 1) % type.blockElements == 0 else {
            throw damaged("has rows that are not whole blocks of \(type.rawValue)")
        }
        let (bytes, overflow) = (count / type.blockElements)
            .multipliedReportingOverflow(by: type.blockBytes)
        guard !overflow, bytes <= file.size - start else {
            throw damaged("reaches over the end of the file")
        }
        return StoredTensor(
            name: name, shape: shape, encoding: .readable(type), file: file, offset: start,
            byteCount: bytes)
    }

    /// The numbers of ggml's types.
    private static let types: [UInt32: ElementType] = [
        0: .float32, 1: .float16, 2: .q4_0, 3: .q4_1, 6: .q5_0, 7: .q5_1, 8: .q8_0, 12: .q4_K,
        13: .q5_K, 14: .q6_K, 28: .float64, 30: .bfloat16,
    ]

    /// Names for messages.
    private static let otherTypes: [UInt32: String] = [
        9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS",
        18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS",
        24: "I8", 25: "I16", 26: "I32", 27: "I64", 29: "IQ1_M",
    ]
}
