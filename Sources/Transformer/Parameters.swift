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

    /// A matrix's copy, where a product of so many rows is faster with it.
    ///
    /// Matrix tiles take both operands apart anew, which pays from some rows on.
    func packedMatrix(_ offset: Int, rows: Int) -> PackedMatrix? {
        ProductKernel.used == .tiles && rows >= Self.fewestTileRows ? nil : packed[offset]
    }

    /// Whether a matrix that has a packed copy is never read itself.
    static let readsOnlyPackedMatrices = ProductKernel.used != .tiles

    /// Measured on SmolLM2-135M: below it tiles are slower, from 160 rows on 1.3 times as fast.
    private static let fewestTileRows = 128

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
