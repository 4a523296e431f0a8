import Foundation

/// Records one after another, each with its length and two checksums (TFRecord).
final class EventFile {
    private let file: BufferedFile

    init(_ url: URL) throws {
        file = try BufferedFile(url)
    }

    func append(_ event: ProtobufMessage) throws {
        try file.append(Self.record(event.bytes))
    }

    func close() throws { try file.close() }

    static func record(_ content: [UInt8]) -> [UInt8] {
        let length = LittleEndian.bytes(UInt64(content.count))
        return length + LittleEndian.bytes(CRC32C.masked(length)) + content
            + LittleEndian.bytes(CRC32C.masked(content))
    }
}
