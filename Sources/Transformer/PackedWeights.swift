public import Tensors

/// A packed copy of every matrix of a decoder's layers and of its head, as they are now.
///
/// Costs as much memory as the matrices; may serve any number of passes at the same time.
public struct PackedWeights: Sendable {
    /// By the offsets of the weights.
    private(set) var matrices: [Int: PackedMatrix] = [:]

    /// Whether passes read most matrices in these copies only.
    public static let replaceMatrices = Parameters.readsOnlyPackedMatrices

    public init(_ decoder: Decoder) {
        for linear in decoder.linears { pack(linear, decoder.weights.buffer.pointer, decoder) }
    }

    /// Of a decoder whose weights have still to be read.
    ///
    /// - Parameter read: reads them. `apart` has the places of matrices that passes with these
    ///   packed weights never look for in the arena: they are to be handed to `take` instead.
    public init(
        _ decoder: Decoder,
        reading read: (
            _ apart: [Range<Int>], _ take: (Range<Int>, UnsafePointer<Float>) -> Void
        ) throws -> Void
    ) rethrows {
        let apart = Self.replaceMatrices ? decoder.linearsOfPackedUse : []
        var packed: [Int: PackedMatrix] = [:]
        try read(apart.map(\.place)) { place, floats in
            guard let linear = apart.first(where: { $0.place == place }) else { return }
            packed[linear.weight] = PackedMatrix(
                floats, rows: linear.outputs, columns: linear.inputs, using: decoder.pool)
        }
        matrices = packed
        for linear in decoder.linears where matrices[linear.weight] == nil {
            pack(linear, decoder.weights.buffer.pointer, decoder)
        }
    }

    private mutating func pack(
        _ linear: Linear, _ weights: UnsafePointer<Float>, _ decoder: Decoder
    ) {
        matrices[linear.weight] = PackedMatrix(
            weights + linear.weight, rows: linear.outputs, columns: linear.inputs,
            using: decoder.pool)
    }
}

extension Decoder {
    func packedParameters(_ packed: PackedWeights) -> Parameters {
        Parameters(weights: weights, gradients: nil, pool: pool, packed: packed.matrices)
    }

    fileprivate var linears: [Linear] {
        let head = Linear(
            weight: headWeight, bias: nil, inputs: configuration.channels,
            outputs: configuration.vocabularySize)
        return layers.flatMap {
            [$0.queryKeyValue, $0.attentionOutput, $0.feedForward.expand, $0.feedForward.down]
        } + [head]
    }

    /// Those that nothing but products reads: not the token table.
    fileprivate var linearsOfPackedUse: [Linear] {
        linears.filter { $0.weight != embedding.tokens }
    }
}

extension Linear {
    /// In the arena.
    fileprivate var place: Range<Int> { weight..<weight + outputs * inputs }
}
