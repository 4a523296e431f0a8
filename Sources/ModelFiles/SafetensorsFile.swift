public import Foundation
import SpinDomain

/// One `.safetensors` file: an 8-byte length, a JSON header of that many bytes, then the data.
///
/// Everything the header says is checked when the file is opened: the tensors must cover the
/// data exactly, in some order, without gap or overlap, as the format asks.
public struct SafetensorsFile: Sendable {
    /// The reference implementation's limit for a header.
    static let maximumHeaderBytes = 100_000_000

    /// By offset.
    package let tensors: [StoredTensor]
    /// The header's `__metadata__`.
    public let metadata: [String: String]
    private let file: InputFile
    private let indexByName: [String: Int]

    /// - Throws: `notFound`, `inputOutput`, `damagedFile`.
    public init(_ url: URL) throws {
        file = try InputFile(url)
        let header = try SafetensorsHeader(file)
        tensors = header.tensors
        metadata = header.metadata
        indexByName = Dictionary(
            uniqueKeysWithValues: header.tensors.enumerated().map { ($1.name, $0) })
    }

    /// By offset.
    public var names: [String] { tensors.map(\.name) }
    public var fileBytes: Int { file.size }

    package subscript(name: String) -> StoredTensor? {
        indexByName[name].map { tensors[$0] }
    }

    public func shape(of name: String) -> [Int]? { self[name]?.shape }

    /// A whole tensor as floats, row-major.
    /// - Throws: `damagedFile` when it is missing or not finite, `unsupported` kind, `inputOutput`.
    public func floats(_ name: String) throws -> [Float] {
        try required(name).floats()
    }

    /// A whole tensor of kind `I64`.
    /// - Throws: `damagedFile` when it is missing or of another kind, `inputOutput`.
    public func integers(_ name: String) throws -> [Int64] {
        let tensor = try required(name)
        guard tensor.encoding == .other("I64") else {
            throw SpinError.damaged(
                file.name, "tensor '\(name)' is \(tensor.encoding.name) where I64 is expected")
        }
        let bytes = try file.bytes(at: tensor.offset, count: 8 * tensor.count)
        return bytes.withUnsafeBytes { bytes in
            (0..<tensor.count).map {
                Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
            }
        }
    }

    private func required(_ name: String) throws -> StoredTensor {
        guard let tensor = self[name] else {
            throw SpinError.damaged(file.name, "has no tensor '\(name)'")
        }
        return tensor
    }
}

/// The checked contents of a safetensors header.
struct SafetensorsHeader {
    private(set) var tensors: [StoredTensor] = []
    private(set) var metadata: [String: String] = [:]
    private let file: InputFile
    /// First byte of the data in the file, and how many follow.
    private let dataStart: Int
    private let dataBytes: Int

    init(_ file: InputFile) throws {
        guard file.size >= 8 else { throw SpinError.damaged(file.name, "is shorter than 8 bytes") }
        let length = try file.bytes(at: 0, count: 8).withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        guard length <= SafetensorsFile.maximumHeaderBytes, Int(length) <= file.size - 8 else {
            throw SpinError.damaged(
                file.name, "says that its header has \(length) bytes; the file has \(file.size)")
        }
        self.file = file
        dataStart = 8 + Int(length)
        dataBytes = file.size - dataStart
        let text = try file.bytes(at: 8, count: Int(length))
        for member in try JSONParser.parseObject(text, file: file.name).members {
            if member.key == "__metadata__" {
                metadata = try SafetensorsHeader.metadata(member.value, file)
            } else {
                tensors.append(try tensor(member.key, member.value))
            }
        }
        try checkCoverage()
    }

    private static func metadata(
        _ value: JSONValue, _ file: InputFile
    ) throws -> [String: String] {
        guard let members = value.object?.members else {
            throw SpinError.damaged(file.name, "has a __metadata__ that is not an object")
        }
        var metadata: [String: String] = [:]
        for member in members {
            guard let text = member.value.string else {
                throw SpinError.damaged(file.name, "has a __metadata__ entry that is not a string")
            }
            metadata[member.key] = text
        }
        return metadata
    }

    private func tensor(_ name: String, _ value: JSONValue) throws -> StoredTensor {
        func damaged(_ what: String) -> SpinError {
            SpinError.damaged(file.name, "tensor '\(name)' \(what)")
        }
        guard let entry = value.object, let kind = entry["dtype"]?.string,
            let axes = entry["shape"]?.array, let range = entry["data_offsets"]?.array
        else { throw damaged("lacks dtype, shape or data_offsets of the right type") }
        let shape = axes.compactMap(\.integer)
        guard shape.count == axes.count, let count = checkedProduct(shape) else {
            throw damaged("has an impossible shape")
        }
        let offsets = range.compactMap(\.integer)
        guard range.count == 2, offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1],
            offsets[1] <= dataBytes
        else { throw damaged("has data_offsets outside the file's \(dataBytes) bytes of data") }
        let bytes = offsets[1] - offsets[0]
        if let width = SafetensorsHeader.widths[kind] {
            let (expected, overflow) = count.multipliedReportingOverflow(by: width)
            guard !overflow, expected == bytes else {
                throw damaged("has \(bytes) bytes, not those of \(kind) \(shape)")
            }
        }
        let readable: [String: ElementType] = [
            "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16,
        ]
        return StoredTensor(
            name: name, shape: shape,
            encoding: readable[kind].map { .readable($0) } ?? .other(kind), file: file,
            offset: dataStart + offsets[0], byteCount: bytes)
    }

    /// Bytes of one element; the size of a kind that is not listed cannot be checked.
    private static let widths = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2,
        "BF16": 2, "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
    ]

    private mutating func checkCoverage() throws {
        tensors.sort { ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount) }
        var end = dataStart
        for tensor in tensors {
            guard tensor.offset == end else {
                let what = tensor.offset < end ? "overlaps another" : "follows a gap in the data"
                throw SpinError.damaged(file.name, "tensor '\(tensor.name)' \(what)")
            }
            end += tensor.byteCount
        }
        guard end == file.size else {
            throw SpinError.damaged(
                file.name, "has \(file.size - end) bytes that belong to no tensor")
        }
    }
}
