import Foundation
import SpinDomain

/// Buckets as `metric_rollup` keeps them, 64 a row.
enum RollUpBlock {
    static let bucketCount = 64
    private static let bucketBytes = 56

    /// - Parameter buckets: not empty, all of one block.
    static func encode(_ buckets: [MetricBucket], exponent: Int) -> Data {
        var data = Data(count: bucketCount * bucketBytes)
        data.withUnsafeMutableBytes { bytes in
            for bucket in buckets {
                var offset = (bucket.index % bucketCount) * bucketBytes
                for value in [bucket.sum, bucket.minimum, bucket.maximum, bucket.last] {
                    bytes.storeBytes(
                        of: value.bitPattern.littleEndian, toByteOffset: offset, as: UInt64.self)
                    offset += 8
                }
                let start = bucket.index << exponent
                let steps = [
                    bucket.minimumStep, bucket.maximumStep, bucket.firstStep, bucket.lastStep,
                ].map { $0 - start }
                for number in [bucket.count, bucket.nonfinite] + steps {
                    bytes.storeBytes(
                        of: UInt32(number).littleEndian, toByteOffset: offset, as: UInt32.self)
                    offset += 4
                }
            }
        }
        return data
    }

    /// Appends the buckets that hold a value.
    ///
    /// - Throws: `damagedFile` for a row of another length, which the table does not take.
    static func decode(
        _ data: Data, block: Int, exponent: Int, into buckets: inout [MetricBucket]
    ) throws {
        guard data.count == bucketCount * bucketBytes else {
            throw SpinError.damaged("spind.sqlite", "a row of metric_rollup has a wrong length")
        }
        data.withUnsafeBytes { bytes in
            for place in 0..<bucketCount {
                let base = place * bucketBytes
                func double(_ index: Int) -> Double {
                    let bits = bytes.loadUnaligned(
                        fromByteOffset: base + 8 * index, as: UInt64.self)
                    return Double(bitPattern: UInt64(littleEndian: bits))
                }
                func count(_ index: Int) -> Int {
                    let bits = bytes.loadUnaligned(
                        fromByteOffset: base + 32 + 4 * index, as: UInt32.self)
                    return Int(UInt32(littleEndian: bits))
                }
                guard count(0) > 0 else { continue }
                let index = block * bucketCount + place
                let start = index << exponent
                buckets.append(
                    MetricBucket(
                        index: index, count: count(0), nonfinite: count(1), sum: double(0),
                        minimum: double(1), maximum: double(2), last: double(3),
                        minimumStep: start + count(2), maximumStep: start + count(3),
                        firstStep: start + count(4), lastStep: start + count(5)))
            }
        }
    }
}
