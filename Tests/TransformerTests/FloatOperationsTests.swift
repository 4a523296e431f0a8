import Testing
import Transformer

/// Counted by hand, for a decoder small enough to do so.
@Suite struct FloatOperationsTests {
    /// 6 channels, 2 heads of 3 on one key/value head, 5 channels inside, 11 tokens, 2 layers.
    private var configuration: DecoderConfiguration {
        DecoderConfiguration(
            vocabularySize: 11, contextLength: 16, channels: 6, layers: 2, heads: 2,
            keyValueHeads: 1, headSize: 3, feedForwardChannels: 5, norm: .rootMeanSquare,
            normEpsilon: 1e-5, position: .rotary(.init(base: 10_000, rotatedChannels: 2)),
            feedForward: .gated(.silu), tiedEmbeddings: true)
    }

    // A row and layer: queries 6·6, keys and values 2·6·3, output 6·6, gate, up and down 3·6·5:
    // 36 + 36 + 36 + 90 = 198 multiplications and as many additions.
    private let linear = 2.0 * 198
    // Of these, keys and values: all that the last layer needs of a row without logits.
    private let keysAndValues = 2.0 * 36

    // A query that sees s positions: 2 heads · 3 channels · s for the scores, the same again for
    // the values: 12·s multiplications and as many additions.
    private func attention(seen: Int) -> Double { 2 * 12 * Double(seen) }

    // A scored row: 6·11 multiplications and as many additions.
    private let head = 2.0 * 66

    @Test func aSequenceCountsItsTriangle() {
        let first = 3 * linear + attention(seen: 1 + 2 + 3)
        let last = keysAndValues + 2 * linear + attention(seen: 2 + 3)
        let operations = FloatOperations(configuration)
        #expect(
            operations.forward(positions: [0, 1, 2], scored: [1, 2]) == first + last + 2 * head)
    }

    @Test func aSharedPromptCountsOnce() {
        var rows = PackedRows()
        let prompt = rows.append([1, 2])
        rows.append([3], after: prompt)
        rows.append([4, 5], after: prompt)
        // Two targets of the last prompt row share its logits.
        let targets = [(1, 3), (1, 4), (3, 5)].map { ScoredTarget(row: $0.0, token: $0.1) }
        let first = 5 * linear + attention(seen: 1 + 2 + 3 + 3 + 4)
        let last = 3 * keysAndValues + 2 * linear + attention(seen: 2 + 3)
        let forward = first + last + 2 * head
        let operations = FloatOperations(configuration)
        #expect(operations.forward(rows, targets) == forward)
        #expect(operations.backward(rows, targets) == 2 * forward)
    }

    @Test func tokensThatAllSequencesBeginWithAreCountedApart() {
        var rows = PackedRows(afterShared: 2)
        rows.append([3, 4])
        let targets = [ScoredTarget(row: 1, token: 5)]
        let own = 2 * linear + attention(seen: 3 + 4)
        let last = keysAndValues + linear + attention(seen: 4)
        let operations = FloatOperations(configuration)
        #expect(operations.forward(rows, targets) == own + last + head)
        let prefix = 2 * (linear + keysAndValues) + attention(seen: 1 + 2)
        #expect(operations.forward(prefix: 2) == prefix)
        #expect(operations.backward(prefix: 2) == 2 * prefix)
    }

    @Test func aWindowLimitsWhatItsLayersSee() {
        var windowed = configuration
        windowed.slidingWindow = 2
        windowed.slidingWindowFirstLayer = 1
        let layers = 2 * 3 * linear + attention(seen: 1 + 2 + 3) + attention(seen: 1 + 2 + 2)
        let operations = FloatOperations(windowed)
        #expect(
            operations.forward(positions: [0, 1, 2], scored: [0, 1, 2]) == layers + 3 * head)
    }

    @Test func aPlainFeedForwardHasTwoMatrices() {
        var plain = configuration
        plain.feedForward = .plain(.gelu)
        let operations = FloatOperations(plain)
        let expected = 2 * (linear - 2 * 30 + attention(seen: 1)) + head
        #expect(operations.forward(positions: [0], scored: [0]) == expected)
    }
}
