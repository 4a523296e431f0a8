/// Floating-point operations that the mathematics of a decoder needs, whoever computes it.
///
/// A multiplication and an addition are two. Counted are the products with weights, and the two
/// products of attention (scores, and values by scores) over the positions a query sees; norms,
/// activations, softmax and rotation are not, nor what an implementation computes twice. Of rows
/// without logits the last layer needs only keys and values.
public struct FloatOperations: Sendable {
    private let configuration: DecoderConfiguration

    public init(_ configuration: DecoderConfiguration) {
        self.configuration = configuration
    }

    /// A forward pass over rows at the given positions of their sequences.
    ///
    /// - Parameter scored: the positions of those rows whose logits are needed.
    public func forward(positions: [Int32], scored: [Int32]) -> Double {
        let (rows, scoredRows) = (Double(positions.count), Double(scored.count))
        let last = configuration.layers - 1
        let layers = (0..<last).reduce(0) {
            $0 + rows * linear + attention(positions: positions, layer: $1)
        }
        let lastLayer =
            rows * keysAndValues + scoredRows * (linear - keysAndValues)
            + attention(positions: scored, layer: last)
        return layers + lastLayer + scoredRows * head
    }

    /// A forward pass over packed rows with the logits of the targets' rows.
    public func forward(_ rows: PackedRows, _ targets: [ScoredTarget]) -> Double {
        let scored = ReadRows(targets.map(\.row)).rows.map { rows.positions[$0] }
        return forward(positions: rows.positions, scored: scored)
    }

    /// A forward pass over the first tokens of sequences, whose logits nobody needs.
    public func forward(prefix count: Int) -> Double {
        forward(positions: (0..<count).map { Int32($0) }, scored: [])
    }

    /// A backward pass: every product of the forward pass has two in it, one for each factor's
    /// gradient.
    public func backward(_ rows: PackedRows, _ targets: [ScoredTarget]) -> Double {
        2 * forward(rows, targets)
    }

    /// A backward pass over the first tokens of sequences.
    public func backward(prefix count: Int) -> Double {
        2 * forward(prefix: count)
    }

    /// The products of one layer with its weights, for one row.
    package var linear: Double {
        let projections = configuration.queryChannels + 2 * configuration.keyValueChannels
        let matrices = configuration.feedForward.isGated ? 3 : 2
        return 2 * Double(configuration.channels)
            * Double(
                projections + configuration.queryChannels
                    + matrices * configuration.feedForwardChannels)
    }

    /// Of `linear`, what makes keys and values.
    private var keysAndValues: Double {
        2 * Double(configuration.channels * 2 * configuration.keyValueChannels)
    }

    /// The logits of one row.
    package var head: Double {
        2 * Double(configuration.channels) * Double(configuration.vocabularySize)
    }

    /// Scores and weighted values of one layer.
    package func attention(positions: [Int32], layer: Int) -> Double {
        let isWindowed = layer >= configuration.slidingWindowFirstLayer
        let window = isWindowed ? configuration.slidingWindow ?? Int.max : Int.max
        let seen = positions.reduce(0) { $0 + min(Int($1) + 1, window) }
        return 4 * Double(configuration.queryChannels) * Double(seen)
    }
}
