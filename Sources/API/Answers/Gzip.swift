import CZlib
import Foundation

/// Compression in gzip's format (RFC 1952).
enum Gzip {
    /// The bytes in as small a form as zlib knows; nil when there is no memory for it.
    static func compressed(_ data: Data) -> Data? {
        var stream = z_stream()
        guard spind_gzip_begin(&stream, Z_BEST_COMPRESSION) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        var input = [UInt8](data)
        // Large enough for the whole answer, so that one call does it.
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(input.count))))
        let result = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        return result == Z_STREAM_END ? Data(output.prefix(Int(stream.total_out))) : nil
    }
}
