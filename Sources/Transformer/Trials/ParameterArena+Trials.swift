package import Tensors

extension ParameterArena {
    /// Fills the arena with weights that are good for measuring speed only, far faster than
    /// `initialise` does: matrices with scattered small numbers, vectors with ones.
    package func fillForTrials(using pool: WorkerPool) {
        for entry in layout.entries {
            let values = buffer.pointer + entry.offset
            let isVector = entry.shape.count == 1
            pool.split(entry.count, grain: VectorOperations.grain) { _, range in
                for index in range { values[index] = isVector ? 1 : Self.scattered(index) }
            }
        }
    }

    /// In ±0.02, by a multiplicative hash.
    private static func scattered(_ index: Int) -> Float {
        let hash = (index &* 0x9E37_79B9) >> 12 & 0xFFFF
        return (Float(hash) / 65536 - 0.5) * 0.04
    }
}
