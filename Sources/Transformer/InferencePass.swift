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
    /// Of the last `extend`.
    private var output: UnsafeMutablePointer<Float>?
    private var rowCount = 0

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
    public func extend(_ chunks: [Chunk]) {
        let tokens = chunks.flatMap(\.tokens)
        rowCount = tokens.count
        output = nil
        guard !tokens.isEmpty else { return }
        check(chunks)
        let attention = CachedAttention(chunks, cache)
        let positions = attention.places.map { Int32($0.position) }
        decoder.check(tokens: tokens, positions: positions)
        rotary?.reserve(positions: attention.positions)

        let activations = Activations(
            in: buffer, decoder, rows: rowCount, positions: attention.positions,
            keepingLayers: false)
        let shared = activations.layer(0)
        let temporary = activations.temporary
        decoder.embedding.forward(
            tokens: tokens, positions: positions, into: shared.x, parameters)
        for (index, layer) in decoder.layers.enumerated() {
            layer.project(
                shared, temporary, positions: positions, rotary: rotary, parameters)
            attention.forward(
                shared.projections, into: shared.attended, layer: index, layer.attention, cache,
                scratch: temporary.scratch, decoder.pool)
            layer.finish(shared, temporary, rows: rowCount, parameters)
        }
        for chunk in chunks {
            cache.setLength(chunk.slot, cache.length(chunk.slot) + chunk.tokens.count)
        }
        output = activations.output
    }

    /// Logits of rows of the last `extend`, `[rows.count, vocab]`, valid until the next call.
    public func logits(of rows: [Int]) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(head.logits(lastOutput(rows), rows: rows, parameters))
    }

    /// Log-probabilities of targets on rows of the last `extend`, without holding `[rows, vocab]`.
    public func logProbabilities(_ targets: [ScoredTarget]) -> [Float] {
        guard !targets.isEmpty else { return [] }
        return head.forward(
            lastOutput(targets.map(\.row)), targets: targets, keeping: false, parameters)
    }

    private func lastOutput(_ rows: [Int]) -> UnsafePointer<Float> {
        guard let output, rows.allSatisfy((0..<rowCount).contains) else {
            preconditionFailure("InferencePass: the last extend had \(rowCount) rows")
        }
        return UnsafePointer(output)
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
