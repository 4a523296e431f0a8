import Tensors

/// Forward and backward over packed rows; the memory is kept and reused from call to call.
public final class TrainingPass {
    private let parameters: Parameters
    private let decoder: Decoder
    private let head: Head
    private let rotary: RotaryEmbedding?
    private let buffer = GrowingBuffer()
    /// What the last `forward` left for `backward`.
    private var recorded: Recorded?
    /// The residual stream after the layers that the last `read` left, `[rows, channels]`.
    private var output: (rows: ReadRows, x: UnsafeMutablePointer<Float>)?

    private struct Recorded {
        let rows: PackedRows
        let scored: ReadRows
        let plan: AttentionPlan
        let activations: Activations
        let targetCount: Int
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
        decoder.check(tokens: rows.tokens, positions: rows.positions)
        let read = ReadRows(readable)
        output = (read, runLayers(rows, read: read, keeping: false).activations.output)
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
        let (plan, activations) = runLayers(rows, read: scored, keeping: keeping)
        if keeping {
            recorded = Recorded(
                rows: rows, scored: scored, plan: plan, activations: activations,
                targetCount: targets.count)
        }
        return head.forward(
            activations.output, targets: scored.placed(targets), keeping: keeping, parameters)
    }

    private func runLayers(
        _ rows: PackedRows, read: ReadRows, keeping: Bool
    ) -> (plan: AttentionPlan, activations: Activations) {
        let plan = AttentionPlan(rows)
        let activations = Activations(
            in: buffer, decoder, rows: rows.count, positions: plan.positions,
            keepingLayers: keeping)
        let temporary = activations.temporary

        rotary?.reserve(positions: plan.positions)
        decoder.embedding.forward(
            tokens: rows.tokens, positions: rows.positions, into: activations.layer(0).x,
            parameters)
        for (index, layer) in decoder.layers.enumerated() {
            let kept = activations.layer(index)
            layer.project(
                kept, temporary, positions: rows.positions, rotary: rotary, parameters)
            layer.attention.forward(
                kept.projections, into: kept.attended, logSumExp: kept.logSumExp, plan: plan,
                scratch: temporary.scratch, parameters)
            if index < decoder.layers.count - 1 {
                layer.finish(kept, temporary, rows: rows.count, parameters)
            } else {
                let last = activations.lastLayer(index)
                layer.gather(read, from: kept, into: last)
                layer.finish(last, temporary, rows: read.count, parameters)
            }
        }
        return (plan, activations)
    }

    /// Adds d loss / d parameters to the gradients, after `forward`; once per `forward`.
    ///
    /// - Parameter weights: d loss / d log-probability of each target. Rows whose weights are all
    ///   zero cost nothing in the head; if every weight is zero nothing is done.
    public func backward(weights: [Float]) {
        guard weights.contains(where: { $0 != 0 }) else { return }
        guard let recorded, recorded.targetCount == weights.count else {
            preconditionFailure(
                "TrainingPass.backward: \(weights.count) weights do not follow a forward")
        }
        self.recorded = nil
        let activations = recorded.activations
        let temporary = activations.temporary
        let rows = recorded.rows
        let scored = recorded.scored

        let dx = temporary.branch
        dx.update(repeating: 0, count: scored.count * decoder.configuration.channels)
        head.backward(
            activations.output, weights: weights, into: dx, partials: temporary.normPartials,
            parameters)
        for (index, layer) in decoder.layers.enumerated().reversed() {
            let kept = activations.layer(index)
            if index < decoder.layers.count - 1 {
                layer.finishBackward(kept, temporary, dx: dx, rows: rows.count, parameters)
            } else {
                let last = activations.lastLayer(index)
                layer.finishBackward(last, temporary, dx: dx, rows: scored.count, parameters)
                layer.scatter(scored, temporary, dx: dx, all: rows.count)
            }
            layer.projectBackward(
                kept, temporary, dx: dx, positions: rows.positions, plan: recorded.plan,
                rotary: rotary, parameters)
        }
        decoder.embedding.backward(
            tokens: rows.tokens, positions: rows.positions, dx, parameters)
    }

    private func check(_ rows: PackedRows, _ targets: [ScoredTarget]) {
        decoder.check(tokens: rows.tokens, positions: rows.positions)
        let vocabulary = 0..<Int32(decoder.configuration.vocabularySize)
        precondition(
            targets.allSatisfy {
                rows.tokens.indices.contains($0.row) && vocabulary.contains($0.token)
            }, "TrainingPass: a target's row or token is out of range")
    }
}
