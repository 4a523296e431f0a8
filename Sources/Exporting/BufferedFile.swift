import DurableFiles
import Foundation

/// A file written from start to end in large pieces.
final class BufferedFile {
    private static let pieceBytes = 1 << 16

    private let output: OutputFile
    private var buffer: [UInt8] = []

    /// - Throws: `notFound` without the folder, `inputOutput`.
    init(_ url: URL) throws {
        output = try OutputFile(url)
    }

    func append(_ bytes: some Sequence<UInt8>) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.pieceBytes { try flush() }
    }

    /// Gives the file its name.
    func close() throws {
        try flush()
        _ = try output.publish()
    }

    private func flush() throws {
        try buffer.withUnsafeBytes { try output.append($0) }
        buffer.removeAll(keepingCapacity: true)
    }
}
