import Tensors

/// Memory that grows to the largest size ever asked for and is then reused.
final class GrowingBuffer {
    private var buffer = FloatBuffer(count: 1)

    /// What the memory held is lost when it grows.
    func reserve(_ count: Int) -> UnsafeMutablePointer<Float> {
        // Room to spare is only address space until it is touched, and saves growing again.
        if buffer.count < count { buffer = FloatBuffer(count: count + count / 4) }
        return buffer.pointer
    }
}

/// What one layer leaves for its backward.
struct LayerActivations {
    /// The residual stream before the layer, `[rows, channels]`.
    var x: UnsafeMutablePointer<Float>
    /// `[rows, queries + keys + values]`, rotated.
    let projections: UnsafeMutablePointer<Float>
    /// Queries and keys before their norm, only with query/key norm: `[rows, queries + keys]`.
    let unnormalized: UnsafeMutablePointer<Float>
    /// What attention read, `[rows, queryChannels]`.
    var attended: UnsafeMutablePointer<Float>
    /// Of each query's scores, `[heads, rows]`.
    let logSumExp: UnsafeMutablePointer<Float>
    /// The residual stream between attention and feed-forward, `[rows, channels]`.
    let middle: UnsafeMutablePointer<Float>
    /// Before the activation, `[rows, gate + up]` or `[rows, up]`.
    let inner: UnsafeMutablePointer<Float>
    /// The residual stream after the layer; `x` itself when layers are not kept.
    let next: UnsafeMutablePointer<Float>
}

/// What a layer needs only while it runs, shared by all layers.
struct TemporaryActivations {
    /// A norm's output, `[rows, channels]`.
    let normed: UnsafeMutablePointer<Float>
    /// A branch's output before it joins the residual stream, `[rows, channels]`; backward: dx.
    let branch: UnsafeMutablePointer<Float>
    /// Between activation and down, `[rows, feedForwardChannels]`.
    let activated: UnsafeMutablePointer<Float>
    /// The gradient of `attended`, backward only.
    let dAttended: UnsafeMutablePointer<Float>
    /// The gradient of `projections`, backward only.
    let dProjections: UnsafeMutablePointer<Float>
    /// The gradients of shared tokens' keys and values by family, backward only.
    let dShared: UnsafeMutablePointer<Float>
    /// Partial sums of a norm's gradients, backward only.
    let normPartials: UnsafeMutablePointer<Float>
    let scratch: WorkerScratch
}

/// The activations of one pass over packed rows, carved from one buffer that is reused.
struct Activations {
    private let base: UnsafeMutablePointer<Float>
    private let offsets: Offsets

    /// - Parameters:
    ///   - keepingLayers: for backward; otherwise all layers use the same memory.
    ///   - positions: length of the longest sequence.
    ///   - sharedRows: shared tokens times families.
    init(
        in buffer: GrowingBuffer, _ decoder: Decoder, rows: Int, positions: Int,
        sharedRows: Int = 0, keepingLayers: Bool
    ) {
        offsets = Offsets(
            decoder, rows: rows, positions: positions, sharedRows: sharedRows,
            keepingLayers: keepingLayers)
        base = buffer.reserve(offsets.count)
    }

    func layer(_ index: Int) -> LayerActivations {
        let first = base + index * offsets.layerStride
        return LayerActivations(
            x: first, projections: first + offsets.projections,
            unnormalized: first + offsets.unnormalized, attended: first + offsets.attended,
            logSumExp: first + offsets.logSumExp, middle: first + offsets.middle,
            inner: first + offsets.inner, next: first + offsets.layerStride)
    }

    /// As `layer`, where the rows that are read lie side by side, for its second half: copies of
    /// `x` and `attended`, since backward's first half needs all of their rows.
    func lastLayer(_ index: Int) -> LayerActivations {
        var layer = layer(index)
        layer.x = base + offsets.readX
        layer.attended = base + offsets.readAttended
        return layer
    }

    /// The residual stream after all layers, `[rows that are read, channels]`.
    var output: UnsafeMutablePointer<Float> { base + offsets.output }

    var temporary: TemporaryActivations {
        TemporaryActivations(
            normed: base + offsets.normed, branch: base + offsets.branch,
            activated: base + offsets.activated, dAttended: base + offsets.dAttended,
            dProjections: base + offsets.dProjections, dShared: base + offsets.dShared,
            normPartials: base + offsets.normPartials,
            scratch: WorkerScratch(first: base + offsets.scratch, count: offsets.scratchCount))
    }

    private struct Offsets {
        var count = 0
        /// Floats from one layer's `x` to the next one's; 0 when layers are not kept.
        var layerStride = 0
        var projections = 0, unnormalized = 0, attended = 0, logSumExp = 0, middle = 0, inner = 0
        var output = 0
        var readX = 0, readAttended = 0
        var normed = 0, branch = 0, activated = 0
        var dAttended = 0, dProjections = 0, dShared = 0, normPartials = 0
        var scratch = 0, scratchCount = 0

        init(
            _ decoder: Decoder, rows: Int, positions: Int, sharedRows: Int, keepingLayers: Bool
        ) {
            let configuration = decoder.configuration
            let channels = configuration.channels
            let query = configuration.queryChannels
            let keyValue = configuration.keyValueChannels
            let inner = configuration.feedForwardChannels

            _ = take(rows * channels)
            projections = take(rows * (query + 2 * keyValue))
            unnormalized = take(configuration.queryKeyNorm ? rows * (query + keyValue) : 0)
            attended = take(rows * query)
            logSumExp = take(rows * configuration.heads)
            middle = take(rows * channels)
            self.inner = take(rows * inner * (configuration.feedForward.isGated ? 2 : 1))
            if keepingLayers {
                layerStride = count
                output = layerStride * configuration.layers
                count = output
                _ = take(rows * channels)
            }
            readX = take(rows * channels)
            readAttended = take(rows * query)
            normed = take(rows * channels)
            branch = take(rows * channels)
            activated = take(rows * inner)
            let workers = decoder.pool.width
            if keepingLayers {
                dAttended = take(rows * query)
                dProjections = take(rows * (query + 2 * keyValue))
                dShared = take(sharedRows * 2 * keyValue)
                normPartials = take(2 * max(channels, configuration.headSize) * workers)
            }
            let attention = attentionScratch(configuration, positions: positions)
            scratchCount = (max(attention, query + keyValue) + 15) / 16 * 16
            scratch = take(scratchCount * workers)
        }

        private func attentionScratch(_ configuration: DecoderConfiguration, positions: Int) -> Int
        {
            max(
                Attention.scratchCount(headSize: configuration.headSize, positions: positions),
                configuration.heads * positions)
        }

        private mutating func take(_ floats: Int) -> Int {
            defer { count += (floats + 15) / 16 * 16 }
            return count
        }
    }
}
