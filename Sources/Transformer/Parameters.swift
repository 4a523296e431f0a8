import Tensors

/// What every layer works with: the weights, their gradients, and the workers.
///
/// A layer knows its parameters as offsets, which mean the same place in both arenas.
struct Parameters {
    let weights: ParameterArena
    /// Nil where only forward runs.
    let gradients: ParameterArena?
    let pool: WorkerPool
    /// Copies of weights that stay as they are for many products, by their offsets.
    var packed: [Int: PackedMatrix] = [:]

    func weight(_ offset: Int) -> UnsafeMutablePointer<Float> {
        weights.buffer.pointer + offset
    }

    func gradient(_ offset: Int) -> UnsafeMutablePointer<Float> {
        guard let gradients else {
            preconditionFailure("Parameters.gradient: this pass was made without gradients")
        }
        return gradients.buffer.pointer + offset
    }
}

extension WorkerPool {
    /// Splits rows of `channels` floats; pieces too small to be worth waking a worker stay whole.
    func splitRows(_ rows: Int, channels: Int, _ body: (Int, Range<Int>) -> Void) {
        split(rows, grain: max(1, 16384 / max(channels, 1)), body)
    }
}
