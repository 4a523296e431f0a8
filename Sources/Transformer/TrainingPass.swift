import Tensors

/// Forward and backward over packed rows; the memory is kept and reused from call to call.
public final class TrainingPass {
    private let parameters: Parameters
    private let decoder: Decoder
    private let head: Head
    private let rotary: RotaryEmbedding?
    private let buffer = GrowingBuffer()
    private let prefixBuffer = GrowingBuffer()
    /// What all sequences begin with, and its own recording where backward follows.
    private var prefix: SharedPrefix?
    private var recordedPrefix: Recorded?
    /// What the last `forward` left for `backward`.
    private var recorded: Recorded?
    private var targetCount = 0
    /// The residual stream after the layers that the last `read` left, `[rows, channels]`.
    private var output: (rows: ReadRows, x: UnsafeMutablePointer<Float>)?

    private struct Recorded {
        let rows: PackedRows
        let scored: ReadRows
        let plan: AttentionPlan
        let activations: Activations
    }

    /// - Parameters:
    ///   - gradients: added to by `backward`; nil when this pass only scores.
    ///   - logitBudgetBytes: how much of `[scored rows, vocab]` is kept for backward instead of
    ///     being computed twice.
    public init(
        decoder: Decoder, gradients: ParameterArena?, logitBudgetBytes: Int = 256 << 20
    ) {
        precondition(
            gradients.map { $0.layout == decoder.weights.layout } ?? true,
            "TrainingPass: the gradients are laid out for another configuration")
        self.decoder = decoder
        parameters = Parameters(
            weights: decoder.weights, gradients: gradients, pool: decoder.pool)
        head = Head(decoder: decoder, budgetBytes: logitBudgetBytes)
        rotary = decoder.makeRotaryEmbedding()
    }

    /// Computes the tokens that all sequences of the following passes begin with.
    ///
    /// Until the next call, rows are packed after as many shared tokens.
    /// - Parameters:
    ///   - tokens: empty where nothing is shared.
    ///   - keeping: whether `backward` follows; `backwardShared` is then the end of it.
    public func share(_ tokens: [Int32], keeping: Bool) {
        (prefix, recordedPrefix, recorded, output) = (nil, nil, nil, nil)
        guard !tokens.isEmpty else { return }
        let shared = SharedPrefix(tokens, decoder, hasBackward: keeping)
        let rows = shared.rows
        decoder.check(tokens: rows.tokens, positions: rows.positions)
        let recorded = runLayers(
            rows, read: ReadRows([]), in: prefixBuffer, keeping: keeping, filling: shared)
        if keeping { recordedPrefix = recorded }
        prefix = shared
    }

    /// Natural-log probabilities of the targets, in order; keeps what `backward` needs.
    public func forward(_ rows: PackedRows, targets: [ScoredTarget]) -> [Float] {
        run(rows, targets: targets, keeping: true)
    }

    /// As `forward`, in a fraction of its memory; no `backward` can follow.
    public func score(_ rows: PackedRows, targets: [ScoredTarget]) -> [Float] {
        run(rows, targets: targets, keeping: false)
    }

    /// Runs the layers alone, for `logits(of:)` of some rows.
    public func read(_ rows: PackedRows, logitsOf readable: [Int]) {
        check(rows)
        let read = ReadRows(readable)
        output = (read, runLayers(rows, read: read, in: buffer, keeping: false).activations.output)
    }

    /// Logits of some of the rows last read, `[rows.count, vocab]`; valid until the next call.
    public func logits(of rows: [Int]) -> UnsafeMutableBufferPointer<Float> {
        guard let output else {
            preconditionFailure("TrainingPass.logits: of \(rows.count) rows, but none was read")
        }
        return head.logits(output.x, rows: rows.map(output.rows.place), parameters)
    }

    private func run(_ rows: PackedRows, targets: [ScoredTarget], keeping: Bool) -> [Float] {
        recorded = nil
        output = nil
        guard !targets.isEmpty else { return [] }
        check(rows, targets)
        let scored = ReadRows(targets.map(\.row))
        let layers = runLayers(rows, read: scored, in: buffer, keeping: keeping)
        if keeping { (recorded, targetCount) = (layers, targets.count) }
        return head.forward(
            layers.activations.output, targets: scored.placed(targets), keeping: keeping,
            parameters)
    }

    /// - Parameter filled: the prefix whose own rows these are; it takes their keys and values.
    private func runLayers(
        _ rows: PackedRows, read: ReadRows, in buffer: GrowingBuffer, keeping: Bool,
        filling filled: SharedPrefix? = nil
    ) -> Recorded {
        let plan = AttentionPlan(rows)
        let activations = Activations(
            in: buffer, decoder, rows: rows.count, positions: plan.positions,
            sharedRows: plan.families.count * plan.sharedCount, keepingLayers: keeping)
        let temporary = activations.temporary

        rotary?.reserve(positions: plan.positions)
        decoder.embedding.forward(
            tokens: rows.tokens, positions: rows.positions, into: activations.layer(0).x,
            parameters)
        for (index, layer) in decoder.layers.enumerated() {
            let kept = activations.layer(index)
            layer.project(
                kept, temporary, positions: rows.positions, rotary: rotary, parameters)
            filled?.store(kept.projections, layer: index, layer.attention)
            layer.attention.forward(
                kept.projections, after: prefix?.keys(layer: index, temporary),
                into: kept.attended, logSumExp: kept.logSumExp, plan: plan,
                scratch: temporary.scratch, parameters)
            if index < decoder.layers.count - 1 {
                layer.finish(kept, temporary, rows: rows.count, parameters)
            } else {
                let last = activations.lastLayer(index)
                layer.gather(read, from: kept, into: last)
                layer.finish(last, temporary, rows: read.count, parameters)
            }
        }
        return Recorded(rows: rows, scored: read, plan: plan, activations: activations)
    }

    /// Adds d loss / d parameters to the gradients, after `forward`; once per `forward`.
    ///
    /// - Parameter weights: d loss / d log-probability of each target. Rows whose weights are all
    ///   zero cost nothing in the head; if every weight is zero nothing is done.
    public func backward(weights: [Float]) {
        guard weights.contains(where: { $0 != 0 }) else { return }
        guard let recorded, targetCount == weights.count else {
            preconditionFailure(
                "TrainingPass.backward: \(weights.count) weights do not follow a forward")
        }
        self.recorded = nil
        let activations = recorded.activations
        let temporary = activations.temporary
        let dx = temporary.branch
        dx.update(repeating: 0, count: recorded.scored.count * decoder.configuration.channels)
        head.backward(
            activations.output, weights: weights, into: dx, partials: temporary.normPartials,
            parameters)
        backwardLayers(recorded)
    }

    /// The part of `backward` that goes through the shared tokens.
    ///
    /// Once, after every pass since `share`.
    ///
    /// - Returns: whether there was a gradient for them, without which nothing is done.
    @discardableResult
    public func backwardShared() -> Bool {
        guard let recordedPrefix, let prefix, prefix.hasGradients else { return false }
        self.recordedPrefix = nil
        self.prefix = nil
        backwardLayers(recordedPrefix, through: prefix)
        return true
    }

    /// From the gradient of the rows that were read, in `temporary.branch`, to the embedding.
    ///
    /// - Parameter own: the prefix whose rows these are: their keys and values have gradients already.
    private func backwardLayers(_ recorded: Recorded, through own: SharedPrefix? = nil) {
        let (activations, rows, read) = (recorded.activations, recorded.rows, recorded.scored)
        let temporary = activations.temporary
        let dx = temporary.branch
        for (index, layer) in decoder.layers.enumerated().reversed() {
            let kept = activations.layer(index)
            if index < decoder.layers.count - 1 {
                layer.finishBackward(kept, temporary, dx: dx, rows: rows.count, parameters)
            } else {
                let last = activations.lastLayer(index)
                // Of a prefix no row is read.
                if read.count > 0 {
                    layer.finishBackward(last, temporary, dx: dx, rows: read.count, parameters)
                }
                layer.scatter(read, temporary, dx: dx, all: rows.count)
            }
            clear(temporary.dProjections, rows: rows.count, channels: layer.attention.stride)
            own?.putGradients(into: temporary.dProjections, layer: index, layer.attention)
            let shared = prefix?.keys(layer: index, temporary)
            layer.projectBackward(
                kept, temporary, dx: dx, positions: rows.positions, plan: recorded.plan,
                after: shared, rotary: rotary, parameters)
            if let shared {
                prefix?.add(shared, families: recorded.plan.families.count, layer: index)
            }
        }
        decoder.embedding.backward(
            tokens: rows.tokens, positions: rows.positions, dx, parameters)
    }

    private func clear(_ matrix: UnsafeMutablePointer<Float>, rows: Int, channels: Int) {
        parameters.pool.splitRows(rows, channels: channels) { _, range in
            (matrix + range.lowerBound * channels)
                .update(repeating: 0, count: range.count * channels)
        }
    }

    private func check(_ rows: PackedRows) {
        decoder.check(tokens: rows.tokens, positions: rows.positions)
        precondition(
            rows.sharedCount == prefix?.count ?? 0,
            "TrainingPass: rows after \(rows.sharedCount) tokens, \(prefix?.count ?? 0) are shared"
        )
    }

    private func check(_ rows: PackedRows, _ targets: [ScoredTarget]) {
        check(rows)
        let vocabulary = 0..<Int32(decoder.configuration.vocabularySize)
        precondition(
            targets.allSatisfy {
                rows.tokens.indices.contains($0.row) && vocabulary.contains($0.token)
            }, "TrainingPass: a target's row or token is out of range")
    }
}
