import CKernels

/// Passes over long vectors, split over a pool, with results that do not depend on its width.
public enum VectorOperations {
    /// Shares of vectors start at multiples of this many floats: 64 KiB, far more work than a
    /// hand-over costs.
    package static let grain = 16 << 10

    /// values *= factor.
    public static func scale(_ values: FloatBuffer, by factor: Float, using pool: WorkerPool) {
        pool.split(values.count, grain: grain) { _, range in
            spind_vector_scale(values.pointer + range.lowerBound, range.count, factor)
        }
    }

    /// target += factor · source; two buffers of the same count.
    public static func add(
        _ source: FloatBuffer, scaledBy factor: Float = 1, to target: FloatBuffer,
        using pool: WorkerPool
    ) {
        precondition(
            source.count == target.count && source !== target,
            "VectorOperations.add: \(source.count) floats to \(target.count)")
        pool.split(target.count, grain: grain) { _, range in
            spind_vector_add_scaled(
                target.pointer + range.lowerBound, source.pointer + range.lowerBound, range.count,
                factor)
        }
    }

    /// Σ values², for a norm; blocks of fixed size are added in their order.
    public static func sumOfSquares(_ values: FloatBuffer, using pool: WorkerPool) -> Double {
        let blocks = (values.count + grain - 1) / grain
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { sums in
            pool.split(blocks) { _, range in
                for block in range {
                    let first = block * grain
                    let count = min(grain, values.count - first)
                    sums[block] = spind_vector_sum_squares(values.pointer + first, count)
                }
            }
            return sums.reduce(0, +)
        }
    }

    /// Whether no value is NaN or infinite.
    public static func isFinite(_ values: FloatBuffer, using pool: WorkerPool) -> Bool {
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: pool.width) { verdicts in
            verdicts.initialize(repeating: true)
            pool.split(values.count, grain: grain) { worker, range in
                verdicts[worker] = spind_vector_is_finite(
                    values.pointer + range.lowerBound, range.count)
            }
            return verdicts.allSatisfy { $0 }
        }
    }
}
