import Tensors

/// The layers of a decoder, each as a trial of its own.
///
/// A run goes through all layers' weights, so that these come from memory as in a real pass as long
/// as they do not fit the caches; activations stay where they are.
package struct LayerTrials {
    private let decoder: Decoder
    private let parameters: Parameters
    /// With the packed weights that inference uses.
    private let inferenceParameters: Parameters
    private let operations: FloatOperations

    private var configuration: DecoderConfiguration { decoder.configuration }
    private var pool: WorkerPool { decoder.pool }

    /// - Parameter gradients: of the decoder's layout; trials add to them.
    package init(decoder: Decoder, gradients: ParameterArena) {
        self.decoder = decoder
        parameters = Parameters(
            weights: decoder.weights, gradients: gradients, pool: decoder.pool)
        inferenceParameters = decoder.packedParameters(PackedWeights(decoder))
        operations = FloatOperations(decoder.configuration)
    }

    // MARK: Linear layers

    /// All products of the layers with their weights, as training computes them.
    package func linear(rows: Int) -> LayerTrial {
        linear("linear forward", rows: rows, parameters)
    }

    /// The same as decoding and prefill compute them.
    package func inferenceLinear(rows: Int) -> LayerTrial {
        linear("linear inference", rows: rows, inferenceParameters)
    }

    private func linear(_ name: String, rows: Int, _ parameters: Parameters) -> LayerTrial {
        let (x, y) = (activations(rows), activations(rows))
        return LayerTrial(
            name, rows: rows, operations: linearOperations(rows), bytes: linearBytes
        ) {
            for linear in self.linears {
                linear.forward(x.pointer, into: y.pointer, rows: rows, parameters)
            }
        }
    }

    package func linearBackward(rows: Int) -> LayerTrial {
        let (x, y) = (activations(rows), activations(rows))
        // Weights are read, gradients read and written.
        return LayerTrial(
            "linear backward", rows: rows, operations: 2 * linearOperations(rows),
            bytes: 3 * linearBytes
        ) {
            for linear in self.linears {
                linear.backwardInput(y.pointer, into: x.pointer, rows: rows, self.parameters)
                linear.backwardParameters(x.pointer, y.pointer, rows: rows, self.parameters)
            }
        }
    }

    private var linears: [Linear] {
        decoder.layers.flatMap {
            [$0.queryKeyValue, $0.attentionOutput, $0.feedForward.expand, $0.feedForward.down]
        }
    }

    private func linearOperations(_ rows: Int) -> Double {
        Double(rows * configuration.layers) * operations.linear
    }

    private var linearBytes: Double {
        let floats = linears.reduce(0) { $0 + $1.inputs * $1.outputs }
        return Double(floats * MemoryLayout<Float>.size)
    }

    // MARK: Attention

    /// Forward and backward over sequences of equal length, packed.
    package func attention(sequences: Int, length: Int) -> [LayerTrial] {
        var packed = PackedRows()
        for _ in 0..<sequences { packed.append([Int32](repeating: 0, count: length)) }
        let rows = packed.count
        let plan = AttentionPlan(packed)
        let (projections, gradient) = (activations(rows), activations(rows))
        let (attended, dAttended) = (activations(rows), activations(rows))
        let logSumExp = FloatBuffer(count: rows * configuration.heads)
        let scratch = scratch(positions: length)
        let positions = packed.positions
        let need = decoder.layers.indices.reduce(0) {
            $0 + operations.attention(positions: positions, layer: $1)
        }
        let forward = {
            for layer in decoder.layers {
                layer.attention.forward(
                    projections.pointer, after: nil, into: attended.pointer,
                    logSumExp: logSumExp.pointer, plan: plan, scratch: scratch.pieces, parameters)
            }
        }
        let backward = {
            for layer in decoder.layers {
                layer.attention.backward(
                    projections.pointer, after: nil, attended.pointer, dAttended.pointer,
                    into: gradient.pointer, logSumExp: logSumExp.pointer, plan: plan,
                    scratch: scratch.pieces, parameters)
            }
        }
        forward()
        return [
            LayerTrial("attention forward", rows: rows, operations: need, run: forward),
            LayerTrial(
                "attention backward", rows: rows, operations: 2 * need, run: backward),
        ]
    }

    /// One new token of every sequence over its cached keys and values.
    package func cachedAttention(sequences: Int, context: Int) -> LayerTrial {
        let cache = KeyValueCache(
            configuration: configuration, slots: sequences, capacity: context)
        for slot in 0..<sequences { cache.setLength(slot, context - 1) }
        let plan = CachedAttention(
            (0..<sequences).map { .init(slot: $0, tokens: [0]) }, cache)
        let (projections, attended) = (activations(sequences), activations(sequences))
        let scratch = scratch(positions: context)
        return LayerTrial(
            "attention decode", rows: sequences, bytes: Double(cache.bytes)
        ) {
            for (index, layer) in self.decoder.layers.enumerated() {
                plan.store(
                    projections.pointer, layer: index, layer.attention, cache, self.pool)
                plan.forward(
                    projections.pointer, into: attended.pointer, only: nil, layer: index,
                    layer.attention, cache, scratch: scratch.pieces, self.pool)
            }
        }
    }

    /// The buffer, kept alive with its pieces.
    private struct Scratch {
        let buffer: FloatBuffer
        let pieces: WorkerScratch
    }

    private func scratch(positions: Int) -> Scratch {
        let count = max(
            Attention.scratchCount(headSize: configuration.headSize, positions: positions),
            configuration.heads * positions)
        let buffer = FloatBuffer(count: count * pool.width)
        return Scratch(buffer: buffer, pieces: WorkerScratch(first: buffer.pointer, count: count))
    }

    // MARK: Norms

    /// A norm that adds a branch to the residual stream first, and the backward of a norm.
    package func norms(rows: Int) -> [LayerTrial] {
        let (x, branch) = (activations(rows), activations(rows))
        let (sum, y) = (activations(rows), activations(rows))
        let partials = FloatBuffer(count: 2 * configuration.channels * pool.width)
        let bytes = Double(rows * configuration.channels * MemoryLayout<Float>.size)
        let norm = decoder.finalNorm
        return [
            LayerTrial("norm forward", rows: rows, bytes: 4 * bytes) {
                norm.forward(
                    adding: branch.pointer, nil, to: x.pointer, sum: sum.pointer,
                    into: y.pointer, rows: rows, self.parameters)
            },
            LayerTrial("norm backward", rows: rows, bytes: 5 * bytes) {
                norm.backward(
                    x.pointer, dyThenY: y.pointer, adding: sum.pointer, rows: rows,
                    partials: partials.pointer, self.parameters)
            },
        ]
    }

    // MARK: Head

    /// Log-probabilities of one target a row, then their gradient.
    package func head(rows: Int) -> [LayerTrial] {
        let head = Head(decoder: decoder, budgetBytes: 256 << 20)
        let (x, dx) = (activations(rows), activations(rows))
        let partials = FloatBuffer(count: 2 * configuration.channels * pool.width)
        let targets = (0..<rows).map { ScoredTarget(row: $0, token: 0) }
        let weights = [Float](repeating: 1e-3, count: rows)
        let need = Double(rows) * operations.head
        return [
            LayerTrial("head forward", rows: rows, operations: need, bytes: headBytes) {
                _ = head.forward(x.pointer, targets: targets, keeping: true, self.parameters)
            },
            LayerTrial(
                "head backward", rows: rows, operations: 2 * need, bytes: 3 * headBytes
            ) {
                head.backward(
                    x.pointer, weights: weights, into: dx.pointer, partials: partials.pointer,
                    self.parameters)
            },
        ]
    }

    /// Logits of every row, for the sampler.
    package func logits(rows: Int) -> LayerTrial {
        let head = Head(decoder: decoder, budgetBytes: 0)
        let x = activations(rows)
        return LayerTrial(
            "head logits", rows: rows, operations: Double(rows) * operations.head,
            bytes: headBytes
        ) {
            _ = head.logits(x.pointer, rows: Array(0..<rows), self.inferenceParameters)
        }
    }

    private var headBytes: Double {
        let floats = configuration.vocabularySize * configuration.channels
        return Double(floats * MemoryLayout<Float>.size)
    }

    // MARK: Memory

    /// Room for rows of any layer, filled with small numbers.
    private func activations(_ rows: Int) -> FloatBuffer {
        let widest = max(
            configuration.channels,
            configuration.queryChannels + 2 * configuration.keyValueChannels,
            2 * configuration.feedForwardChannels)
        let buffer = FloatBuffer(count: rows * widest)
        for index in 0..<buffer.count { buffer.pointer[index] = Float(index & 15) / 16 - 0.5 }
        return buffer
    }
}
