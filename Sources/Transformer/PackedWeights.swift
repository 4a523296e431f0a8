import Tensors

extension Decoder {
    /// Parameters with a packed copy of every matrix of the layers and of the head.
    func packedParameters() -> Parameters {
        var parameters = Parameters(weights: weights, gradients: nil, pool: pool)
        for linear in linears {
            parameters.packed[linear.weight] = PackedMatrix(
                parameters.weight(linear.weight), rows: linear.outputs, columns: linear.inputs,
                using: pool)
        }
        return parameters
    }

    private var linears: [Linear] {
        let head = Linear(
            weight: headWeight, bias: nil, inputs: configuration.channels,
            outputs: configuration.vocabularySize)
        return layers.flatMap {
            [$0.queryKeyValue, $0.attentionOutput, $0.feedForward.expand, $0.feedForward.down]
        } + [head]
    }
}
