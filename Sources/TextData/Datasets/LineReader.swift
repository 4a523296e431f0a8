import Foundation
import SpinDomain

/// Reads a file line by line, in blocks, so that a data set of any size needs little memory.
///
/// The file is read, not mapped: a mapped file that another process shortens ends the program.
struct LineReader {
    /// A longer line is not a row of text but a file of another kind.
    static let longestLine = 64 << 20
    private static let blockSize = 1 << 20

    private let handle: FileHandle

    /// - Throws: `notFound` or `inputOutput`.
    init(_ url: URL) throws {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw SpinError.notFound("data set file", url.lastPathComponent)
        }
        do {
            handle = try FileHandle(forReadingFrom: url)
        } catch {
            throw SpinError(.inputOutput, "\(url.lastPathComponent) cannot be opened")
        }
    }

    /// Calls the body with every line, without its line feed; the last one need not have one.
    ///
    /// - Parameter body: gets nil for a line over `longestLine`.
    /// - Throws: `inputOutput`, and what the body throws.
    func forEachLine(_ body: (UnsafeBufferPointer<UInt8>?) throws -> Void) throws {
        defer { try? handle.close() }
        var rest: [UInt8] = []
        var isTooLong = false
        while let block = try nextBlock() {
            try block.withUnsafeBufferPointer { bytes in
                var start = 0
                while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
                    let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
                    start = end + 1
                    if isTooLong {
                        try body(nil)
                    } else if rest.isEmpty {
                        try body(line)
                    } else {
                        rest += line
                        try rest.withUnsafeBufferPointer(body)
                    }
                    rest.removeAll(keepingCapacity: true)
                    isTooLong = false
                }
                rest += bytes[start...]
            }
            if rest.count > Self.longestLine {
                isTooLong = true
                rest = []
            }
        }
        if isTooLong {
            try body(nil)
        } else if !rest.isEmpty {
            try rest.withUnsafeBufferPointer(body)
        }
    }

    private func nextBlock() throws -> [UInt8]? {
        do {
            guard let data = try handle.read(upToCount: Self.blockSize), !data.isEmpty else {
                return nil
            }
            return Array(data)
        } catch {
            throw SpinError(.inputOutput, "reading the data set failed: \(error)")
        }
    }
}
