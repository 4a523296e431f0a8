import CKernels
import Tensors

/// One layer: `middle = x + attention(norm(x))`, `next = middle + feedForward(norm(middle))`.
///
/// Forward comes in two halves, since training and decoding differ in where keys and values are.
struct DecoderLayer {
    let attentionNorm: Norm
    /// Query, key and value weights are one tall matrix.
    let queryKeyValue: Linear
    let queryNorm: Norm?
    let keyNorm: Norm?
    let attention: Attention
    let attentionOutput: Linear
    let feedForwardNorm: Norm
    let feedForward: FeedForward

    /// From `x` to `projections`: norm, queries, keys and values, their norm, their rotation.
    func project(
        _ activations: LayerActivations, _ temporary: TemporaryActivations,
        positions: [Int32], rotary: RotaryEmbedding?, _ parameters: Parameters
    ) {
        let rows = positions.count
        attentionNorm.forward(activations.x, into: temporary.normed, rows: rows, parameters)
        queryKeyValue.forward(
            temporary.normed, into: activations.projections, rows: rows, parameters)

        let bias = queryKeyValue.biasPointer(parameters)
        guard bias != nil || queryNorm != nil || rotary != nil else { return }
        let stride = attention.stride
        parameters.pool.splitRows(rows, channels: stride) { _, range in
            for row in range {
                let projected = activations.projections + row * stride
                if let bias { spind_add_bias(1, Int64(stride), bias, projected) }
                normalizeHeads(projected, keeping: activations.unnormalized, row: row, parameters)
                rotary?.forward(
                    projected, heads: attention.heads + attention.keyValueHeads,
                    headSize: attention.headSize, position: positions[row])
            }
        }
    }

    /// From `attended` to `next`: the attention's output, then the feed-forward.
    func finish(
        _ activations: LayerActivations, _ temporary: TemporaryActivations, rows: Int,
        _ parameters: Parameters
    ) {
        attentionOutput.forward(
            activations.attended, into: temporary.branch, rows: rows, parameters)
        feedForwardNorm.forward(
            adding: temporary.branch, attentionOutput.biasPointer(parameters), to: activations.x,
            sum: activations.middle, into: temporary.normed, rows: rows, parameters)
        feedForward.forward(
            temporary.normed, inner: activations.inner, activated: temporary.activated,
            into: temporary.branch, rows: rows, parameters)

        let channels = feedForwardNorm.channels
        let bias = feedForward.down.biasPointer(parameters)
        parameters.pool.splitRows(rows, channels: channels) { _, range in
            let start = range.lowerBound * channels
            spind_add_residual(
                Int64(range.count), Int64(channels), activations.middle + start,
                temporary.branch + start, bias, activations.next + start)
        }
    }

    /// Puts what `finish` needs of the rows that are read side by side.
    func gather(_ read: ReadRows, from all: LayerActivations, into last: LayerActivations) {
        read.gather(all.x, into: last.x, width: feedForwardNorm.channels)
        read.gather(all.attended, into: last.attended, width: attention.queryChannels)
    }

    /// The backward of `gather`, between `finishBackward` and `projectBackward`.
    func scatter(
        _ read: ReadRows, _ temporary: TemporaryActivations, dx: UnsafeMutablePointer<Float>,
        all rows: Int
    ) {
        read.scatter(dx, width: feedForwardNorm.channels, all: rows)
        read.scatter(temporary.dAttended, width: attention.queryChannels, all: rows)
    }

    /// The backward of `finish`: turns dx, the gradient of `next`, into the residual stream's part of
    /// the gradient of `x`, and writes `temporary.dAttended`; `activations.inner` is used up.
    ///
    /// - Parameter dx: `temporary.branch`, which only forward uses otherwise.
    func finishBackward(
        _ activations: LayerActivations, _ temporary: TemporaryActivations,
        dx: UnsafeMutablePointer<Float>, rows: Int, _ parameters: Parameters
    ) {
        let normed = temporary.normed
        feedForward.backward(
            innerThenDInner: activations.inner, activated: temporary.activated, dx, into: normed,
            rows: rows, parameters)
        feedForwardNorm.backward(
            activations.middle, dyThenY: normed, adding: dx, rows: rows,
            partials: temporary.normPartials, parameters)
        feedForward.expand.backwardParameters(normed, activations.inner, rows: rows, parameters)

        attentionOutput.backwardParameters(activations.attended, dx, rows: rows, parameters)
        attentionOutput.backwardInput(dx, into: temporary.dAttended, rows: rows, parameters)
    }

    /// The backward of `project` and of attention: adds the rest of the gradient of `x` to dx, and the
    /// gradients of keys and values to what `temporary.dProjections` holds.
    func projectBackward(
        _ activations: LayerActivations, _ temporary: TemporaryActivations,
        dx: UnsafeMutablePointer<Float>, positions: [Int32], plan: AttentionPlan,
        after shared: SharedKeys?, rotary: RotaryEmbedding?, _ parameters: Parameters
    ) {
        let rows = positions.count
        let normed = temporary.normed
        attention.backward(
            activations.projections, after: shared, activations.attended, temporary.dAttended,
            into: temporary.dProjections, logSumExp: activations.logSumExp, plan: plan,
            scratch: temporary.scratch, parameters)
        rotateBackward(activations, temporary, positions: positions, rotary: rotary, parameters)
        queryKeyValue.backwardInput(temporary.dProjections, into: normed, rows: rows, parameters)
        attentionNorm.backward(
            activations.x, dyThenY: normed, adding: dx, rows: rows,
            partials: temporary.normPartials, parameters)
        queryKeyValue.backwardParameters(normed, temporary.dProjections, rows: rows, parameters)
    }

    /// The backward of rotation and query/key norm, in place on `dProjections`.
    private func rotateBackward(
        _ activations: LayerActivations, _ temporary: TemporaryActivations,
        positions: [Int32], rotary: RotaryEmbedding?, _ parameters: Parameters
    ) {
        guard rotary != nil || queryNorm != nil else { return }
        let headSize = attention.headSize
        let partials = temporary.normPartials
        partials.update(repeating: 0, count: 2 * headSize * parameters.pool.width)
        parameters.pool.splitRows(positions.count, channels: attention.stride) { worker, range in
            for row in range {
                let dRow = temporary.dProjections + row * attention.stride
                rotary?.backward(
                    dRow, heads: attention.heads + attention.keyValueHeads, headSize: headSize,
                    position: positions[row])
                normalizeHeadsBackward(
                    dRow, kept: activations.unnormalized, row: row,
                    scratch: temporary.scratch[worker], dweights: partials + 2 * headSize * worker,
                    parameters)
            }
        }
        guard let queryNorm, let keyNorm else { return }
        for worker in 0..<parameters.pool.width {
            let dweights = partials + 2 * headSize * worker
            spind_add_bias(1, Int64(headSize), dweights, parameters.gradient(queryNorm.weight))
            spind_add_bias(
                1, Int64(headSize), dweights + headSize, parameters.gradient(keyNorm.weight))
        }
    }

    private func normalizeHeads(
        _ projected: UnsafeMutablePointer<Float>, keeping kept: UnsafeMutablePointer<Float>,
        row: Int, _ parameters: Parameters
    ) {
        guard let queryNorm, let keyNorm else { return }
        let query = attention.queryChannels
        let queriesAndKeys = query + attention.keyValueChannels
        (kept + row * queriesAndKeys).update(from: projected, count: queriesAndKeys)
        queryNorm.forwardHeads(projected, heads: attention.heads, parameters)
        keyNorm.forwardHeads(projected + query, heads: attention.keyValueHeads, parameters)
    }

    private func normalizeHeadsBackward(
        _ dRow: UnsafeMutablePointer<Float>, kept: UnsafePointer<Float>, row: Int,
        scratch: UnsafeMutablePointer<Float>, dweights: UnsafeMutablePointer<Float>,
        _ parameters: Parameters
    ) {
        guard let queryNorm, let keyNorm else { return }
        let query = attention.queryChannels
        let before = kept + row * (query + attention.keyValueChannels)
        queryNorm.backwardHeads(
            before, dRow, heads: attention.heads, scratch: scratch, dweight: dweights, parameters)
        keyNorm.backwardHeads(
            before + query, dRow + query, heads: attention.keyValueHeads, scratch: scratch,
            dweight: dweights + attention.headSize, parameters)
    }
}
