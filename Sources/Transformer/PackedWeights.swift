import Tensors

/// A packed copy of every matrix of a decoder's layers and of its head, as they are now.
///
/// Costs as much memory as the matrices; may serve any number of passes at the same time.
public struct PackedWeights: Sendable {
    /// By the offsets of the weights.
    let matrices: [Int: PackedMatrix]

    public init(_ decoder: Decoder) {
        var matrices: [Int: PackedMatrix] = [:]
        for linear in decoder.linears {
            matrices[linear.weight] = PackedMatrix(
                decoder.weights.buffer.pointer + linear.weight, rows: linear.outputs,
                columns: linear.inputs, using: decoder.pool)
        }
        self.matrices = matrices
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
}
