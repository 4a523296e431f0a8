public import DurableFiles
public import Foundation
import SpinDomain

/// Streams tensors into a `.safetensors` file whose bytes depend on nothing but its contents.
public struct SafetensorsWriter {
    public enum Kind: String, Sendable {
        case float32 = "F32"
        case unsigned32 = "U32"
        case signed64 = "I64"
        case bytes = "U8"

        var width: Int {
            switch self {
            case .float32, .unsigned32: 4
            case .signed64: 8
            case .bytes: 1
            }
        }
    }

    public struct Tensor: Sendable {
        public let name: String
        public let kind: Kind
        public let shape: [Int]

        public init(name: String, kind: Kind = .float32, shape: [Int]) {
            self.name = name
            self.kind = kind
            self.shape = shape
        }

        var bytes: Int { shape.reduce(kind.width, *) }
    }

    private let file: OutputFile
    private let fileBytes: Int

    /// Creates the file under a temporary name and writes its header.
    ///
    /// - Parameter tensors: whose data will be appended in this order, little-endian.
    /// - Throws: `notFound` without the folder, `diskFull`, `inputOutput`.
    public init(
        _ url: URL, tensors: [Tensor], metadata: KeyValuePairs<String, String> = ["format": "pt"]
    ) throws {
        let header = SafetensorsWriter.header(tensors, metadata)
        fileBytes = tensors.reduce(header.count) { $0 + $1.bytes }
        file = try OutputFile(url)
        try header.withUnsafeBytes { try file.append($0) }
    }

    /// The length and the header, padded so that the data begins at a multiple of 8.
    private static func header(
        _ tensors: [Tensor], _ metadata: KeyValuePairs<String, String>
    ) -> [UInt8] {
        let texts = metadata.map { ($0.key, JSONValue.string($0.value)) }
        var header: JSONObject = ["__metadata__": .object(JSONObject(texts))]
        var offset = 0
        for tensor in tensors {
            let end = offset + tensor.bytes
            let entry: JSONObject = [
                "dtype": .string(tensor.kind.rawValue),
                "shape": .array(tensor.shape.map { .integer($0) }),
                "data_offsets": .array([.integer(offset), .integer(end)]),
            ]
            header[tensor.name] = .object(entry)
            offset = end
        }
        var text = JSONValue.object(header).utf8
        text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }

    /// Appends data of the tensor that is next in order, whole or in part.
    public func append(_ bytes: UnsafeRawBufferPointer) throws {
        try file.append(bytes)
    }

    public func append(_ floats: UnsafePointer<Float>, count: Int) throws {
        try append(UnsafeRawBufferPointer(start: floats, count: 4 * count))
    }

    /// Syncs the file and gives it its name; the folder is not synced.
    public func finish() throws -> WrittenFile {
        precondition(
            file.bytes == fileBytes,
            "SafetensorsWriter: \(file.bytes) bytes written, \(fileBytes) announced")
        return try file.publish()
    }
}
