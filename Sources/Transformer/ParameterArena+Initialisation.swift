import Tensors

extension ParameterArena {
    /// Fills the arena with random weights to train from: embeddings and head normal with standard
    /// deviation 0.02, other matrices 1/√in (half of that where a residual branch ends), norms 1,
    /// biases 0.
    public func initialise(seed: UInt64) {
        for (index, entry) in layout.entries.enumerated() {
            let values = UnsafeMutableBufferPointer(
                start: buffer.pointer + entry.offset, count: entry.count)
            let deviation = Self.deviation(entry)
            switch entry.shape.count {
            case 1: values.update(repeating: entry.name.isNormWeight ? 1 : 0)
            default:
                let random = CounterRandom(seed: seed, stream: (UInt32(index), 0, 0))
                for place in values.indices {
                    values[place] = Float(deviation * random.normal(at: UInt32(place)))
                }
            }
        }
    }

    private static func deviation(_ entry: ParameterLayout.Entry) -> Double {
        switch entry.name {
        case .tokenEmbedding, .positionEmbedding, .head: 0.02
        case .layer(_, .attentionOutputWeight), .layer(_, .downWeight):
            0.5 / Double(entry.shape[1]).squareRoot()
        default: 1 / Double(entry.shape.last ?? 1).squareRoot()
        }
    }
}

extension ParameterName {
    fileprivate var isNormWeight: Bool {
        switch self {
        case .finalNormWeight: true
        case .layer(_, let part):
            [.attentionNormWeight, .feedForwardNormWeight, .queryNormWeight, .keyNormWeight]
                .contains(part)
        default: false
        }
    }
}
