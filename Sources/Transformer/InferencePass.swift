import Tensors

/// Appends tokens to cached sequences: prefill, decoding and teacher-forced scoring are all this.
///
/// A few rows go through a packed copy of the weights, and the bits of one do not depend on the others;
/// many go through the weights themselves where the processor has matrix tiles.
public final class InferencePass {
    /// Tokens that follow what `slot` holds.
    public struct Chunk: Sendable {
        public let slot: Int
        public let tokens: [Int32]

        public init(slot: Int, tokens: [Int32]) {
            self.slot = slot
            self.tokens = tokens
        }
    }

    public let cache: KeyValueCache
    private let decoder: Decoder
    private let parameters: Parameters
    private let head: Head
    private let rotary: RotaryEmbedding?
    private let buffer = GrowingBuffer()
    /// Of the last `extend`: the residual stream after the layers, `[rows, channels]`.
    private var output: (rows: ReadRows, x: UnsafePointer<Float>)?

    /// - Parameter packed: the decoder's; nil to copy the weights as they are now.
    public init(decoder: Decoder, cache: KeyValueCache, packed: PackedWeights? = nil) {
        self.decoder = decoder
        self.cache = cache
        parameters = decoder.packedParameters(packed ?? PackedWeights(decoder))
        head = Head(decoder: decoder, budgetBytes: 0)
        rotary = decoder.makeRotaryEmbedding()
    }

    /// Runs all chunks' tokens as one packed batch at their slots' current lengths.
    ///
    /// Rows are numbered in chunk order. A slot may occur once.
    ///
    /// - Parameter readable: rows that will be asked for, in any order; nil for all. Of the others
    ///   the last layer computes only the keys and values.
    public func extend(_ chunks: [Chunk], readable: [Int]? = nil) {
        let tokens = chunks.flatMap(\.tokens)
        output = nil
        guard !tokens.isEmpty else { return }
        check(chunks)
        let read = ReadRows(readable ?? Array(tokens.indices))
        let attention = CachedAttention(chunks, cache)
        let positions = attention.places.map { Int32($0.position) }
        decoder.check(tokens: tokens, positions: positions)
        rotary?.reserve(positions: attention.positions)

        let activations = Activations(
            in: buffer, decoder, rows: tokens.count, positions: attention.positions,
            keepingLayers: false)
        let shared = activations.layer(0)
        let temporary = activations.temporary
        decoder.embedding.forward(
            tokens: tokens, positions: positions, into: shared.x, parameters)
        for (index, layer) in decoder.layers.enumerated() {
            let isLast = index == decoder.layers.count - 1
            layer.project(
                shared, temporary, positions: positions, rotary: rotary, parameters)
            attention.store(
                shared.projections, layer: index, layer.attention, cache, decoder.pool)
            attention.forward(
                shared.projections, into: shared.attended, only: isLast ? read : nil, layer: index,
                layer.attention, cache, scratch: temporary.scratch, decoder.pool)
            if isLast {
                let last = activations.lastLayer(index)
                layer.gather(read, from: shared, into: last)
                layer.finish(last, temporary, rows: read.count, parameters)
            } else {
                layer.finish(shared, temporary, rows: tokens.count, parameters)
            }
        }
        for chunk in chunks {
            cache.setLength(chunk.slot, cache.length(chunk.slot) + chunk.tokens.count)
        }
        output = (read, UnsafePointer(activations.output))
    }

    /// Logits of readable rows of the last `extend`, `[rows.count, vocab]`, valid until the next call.
    public func logits(of rows: [Int]) -> UnsafeBufferPointer<Float> {
        let (read, x) = lastOutput
        return UnsafeBufferPointer(head.logits(x, rows: rows.map(read.place), parameters))
    }

    /// Log-probabilities of targets on readable rows of the last `extend`, without holding
    /// `[rows, vocab]`.
    public func logProbabilities(_ targets: [ScoredTarget]) -> [Float] {
        guard !targets.isEmpty else { return [] }
        let (read, x) = lastOutput
        return head.forward(x, targets: read.placed(targets), keeping: false, parameters)
    }

    private var lastOutput: (ReadRows, UnsafePointer<Float>) {
        guard let output else { preconditionFailure("InferencePass: the last extend had no rows") }
        return output
    }

    private func check(_ chunks: [Chunk]) {
        precondition(
            Set(chunks.map(\.slot)).count == chunks.count,
            "InferencePass.extend: a slot occurs twice")
        precondition(
            chunks.allSatisfy { cache.length($0.slot) + $0.tokens.count <= cache.capacity },
            "InferencePass.extend: a slot is full")
    }
}
