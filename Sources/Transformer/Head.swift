import CKernels
import Glibc
import Tensors

/// Final norm, logits and log-softmax of scored rows, in blocks of the vocabulary.
///
/// `[scored rows, vocab]` exists only as far as the budget for keeping logits reaches; backward
/// computes the other blocks again.
final class Head {
    /// Logits of a block stay in the cache between their product and their softmax.
    private static let blockColumns = 4608

    private let decoder: Decoder
    private let budgetFloats: Int
    private let rowBuffer = GrowingBuffer()
    private let keptBuffer = GrowingBuffer()
    private let blockBuffer = GrowingBuffer()

    /// Of the last forward: each target's index into `rows`, and each row's log-sum-exp.
    private var targets: [ScoredTarget] = []
    private var rows: [Int] = []
    private var rowOfTarget: [Int] = []
    private var logSumExp: [Float] = []
    private var keptBlocks = 0

    init(decoder: Decoder, budgetBytes: Int) {
        self.decoder = decoder
        budgetFloats = budgetBytes / MemoryLayout<Float>.size
    }

    private var channels: Int { decoder.configuration.channels }
    private var scale: Float { decoder.configuration.logitScale }

    private var blocks: [Range<Int>] {
        let vocabulary = decoder.configuration.vocabularySize
        return stride(from: 0, to: vocabulary, by: Self.blockColumns).map {
            $0..<min($0 + Self.blockColumns, vocabulary)
        }
    }

    /// Log-probabilities of the targets, in order.
    ///
    /// - Parameters:
    ///   - x: the residual stream after the last layer, `[rows, channels]`.
    ///   - keeping: whether backward follows.
    func forward(
        _ x: UnsafePointer<Float>, targets: [ScoredTarget], keeping: Bool, _ parameters: Parameters
    ) -> [Float] {
        index(targets)
        let count = rows.count
        keptBlocks = keeping ? budgetFloats / max(1, count * Self.blockColumns) : 0
        let kept = keptBuffer.reserve(
            count * min(keptBlocks * Self.blockColumns, decoder.configuration.vocabularySize))
        let (_, normed) = normalize(x, rows, parameters)

        var maximum = [Float](repeating: -.infinity, count: count)
        var sum = [Float](repeating: 0, count: count)
        var targetLogits = [Float](repeating: 0, count: targets.count)
        for (block, columns) in blocks.enumerated() {
            let logits =
                block < keptBlocks
                ? kept + count * columns.lowerBound
                : blockBuffer.reserve(count * Self.blockColumns)
            multiply(normed, columns, into: logits, rows: count, parameters)
            addToSums(logits, columns.count, &maximum, &sum, parameters.pool)
            for (target, row) in zip(targets.indices, rowOfTarget)
            where columns.contains(Int(targets[target].token)) {
                let column = Int(targets[target].token) - columns.lowerBound
                targetLogits[target] = scale * logits[row * columns.count + column]
            }
        }
        logSumExp = zip(maximum, sum).map { $0 + log($1) }
        return zip(targetLogits, rowOfTarget).map { $0 - logSumExp[$1] }
    }

    /// Adds the head's and the final norm's gradients, and writes dx `[rows, channels]`.
    ///
    /// - Parameters:
    ///   - weights: d loss / d log-probability of each target of the last forward; not all zero.
    ///   - dx: zero on entry; only scored rows are written.
    func backward(
        _ x: UnsafePointer<Float>, weights: [Float], into dx: UnsafeMutablePointer<Float>,
        partials: UnsafeMutablePointer<Float>, _ parameters: Parameters
    ) {
        let active = activeRows(weights)
        let count = active.indices.count
        let (gathered, normed) = normalize(x, active.indices.map { rows[$0] }, parameters)
        let dnormed = normed + count * channels
        let dgathered = dnormed + count * channels
        let dlogits = blockBuffer.reserve(count * Self.blockColumns)
        for (block, columns) in blocks.enumerated() {
            softmaxGradient(block, columns, active, normed, into: dlogits, parameters)
            addOneHot(columns, active, weights, to: dlogits)
            multiplyBackward(
                normed, dlogits, columns, dnormed: dnormed, isFirst: block == 0, rows: count,
                parameters)
        }
        dgathered.update(repeating: 0, count: count * channels)
        decoder.finalNorm.backward(
            gathered, dyThenY: dnormed, adding: dgathered, rows: count, partials: partials,
            parameters)
        for (place, index) in active.indices.enumerated() {
            (dx + rows[index] * channels).update(
                from: dgathered + place * channels, count: channels)
        }
    }

    /// Logits of whole rows, `[rows.count, vocab]`, for decoding; valid until the next call.
    func logits(
        _ x: UnsafePointer<Float>, rows: [Int], _ parameters: Parameters
    ) -> UnsafeMutableBufferPointer<Float> {
        let vocabulary = decoder.configuration.vocabularySize
        let (_, normed) = normalize(x, rows, parameters)
        let logits = keptBuffer.reserve(rows.count * vocabulary)
        multiply(normed, 0..<vocabulary, into: logits, rows: rows.count, parameters)
        if scale != 1 {
            for index in 0..<rows.count * vocabulary { logits[index] *= scale }
        }
        return UnsafeMutableBufferPointer(start: logits, count: rows.count * vocabulary)
    }

    // MARK: Rows

    private func index(_ targets: [ScoredTarget]) {
        self.targets = targets
        rows = Set(targets.map(\.row)).sorted()
        let places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
        rowOfTarget = targets.map { places[$0.row, default: 0] }
    }

    /// Rows with a gradient: their indices, and the sums of their targets' weights.
    private struct ActiveRows {
        var indices: [Int] = []
        var totals: [Float] = []
        /// Index of a row → place in `indices`.
        var places: [Int: Int] = [:]
    }

    private func activeRows(_ weights: [Float]) -> ActiveRows {
        var active = ActiveRows()
        var totals = [Float](repeating: 0, count: rows.count)
        var isActive = [Bool](repeating: false, count: rows.count)
        for (row, weight) in zip(rowOfTarget, weights) where weight != 0 {
            totals[row] += weight
            isActive[row] = true
        }
        for row in rows.indices where isActive[row] {
            active.places[row] = active.indices.count
            active.indices.append(row)
            active.totals.append(totals[row])
        }
        return active
    }

    /// The chosen rows side by side, and the same after the final norm, both `[rows, channels]`.
    private func normalize(
        _ x: UnsafePointer<Float>, _ rows: [Int], _ parameters: Parameters
    ) -> (gathered: UnsafeMutablePointer<Float>, normed: UnsafeMutablePointer<Float>) {
        // Backward keeps two gradients of the same size behind them.
        let gathered = rowBuffer.reserve(4 * rows.count * channels)
        let normed = gathered + rows.count * channels
        for (place, row) in rows.enumerated() {
            (gathered + place * channels).update(from: x + row * channels, count: channels)
        }
        decoder.finalNorm.forward(gathered, into: normed, rows: rows.count, parameters)
        return (gathered, normed)
    }

    // MARK: Blocks of the vocabulary

    /// `logits = normed · Wᵀ`, for the rows `columns` of W.
    private func multiply(
        _ normed: UnsafePointer<Float>, _ columns: Range<Int>,
        into logits: UnsafeMutablePointer<Float>, rows: Int, _ parameters: Parameters
    ) {
        if let packed = parameters.packedMatrix(decoder.headWeight, rows: rows) {
            parameters.pool.multiply(normed, packed, part: columns, into: logits, m: rows)
            return
        }
        parameters.pool.multiply(
            normed, parameters.weight(decoder.headWeight + columns.lowerBound * channels),
            into: logits, m: rows, n: columns.count, k: channels,
            transposeA: false, transposeB: true,
            leadingA: channels, leadingB: channels, leadingC: columns.count, accumulate: false)
    }

    private func multiplyBackward(
        _ normed: UnsafePointer<Float>, _ dlogits: UnsafePointer<Float>, _ columns: Range<Int>,
        dnormed: UnsafeMutablePointer<Float>, isFirst: Bool, rows: Int, _ parameters: Parameters
    ) {
        let start = decoder.headWeight + columns.lowerBound * channels
        parameters.pool.multiply(
            dlogits, normed, into: parameters.gradient(start),
            m: columns.count, n: channels, k: rows, transposeA: true, transposeB: false,
            leadingA: columns.count, leadingB: channels, leadingC: channels, accumulate: true)
        parameters.pool.multiply(
            dlogits, parameters.weight(start), into: dnormed,
            m: rows, n: channels, k: columns.count, transposeA: false, transposeB: false,
            leadingA: columns.count, leadingB: channels, leadingC: channels, accumulate: !isFirst)
    }

    private func addToSums(
        _ logits: UnsafePointer<Float>, _ width: Int, _ maximum: inout [Float],
        _ sum: inout [Float], _ pool: WorkerPool
    ) {
        let scale = scale
        let count = maximum.count
        maximum.withUnsafeMutableBufferPointer { maximum in
            sum.withUnsafeMutableBufferPointer { sum in
                guard let maximum = maximum.baseAddress, let sum = sum.baseAddress else { return }
                pool.splitRows(count, channels: width) { _, range in
                    for row in range {
                        spind_log_sum_exp_update(
                            Int64(width), scale, logits + row * width, maximum + row, sum + row)
                    }
                }
            }
        }
    }

    /// `dlogits[row] = −scale · total weight · softmax`, from kept logits or from new ones.
    private func softmaxGradient(
        _ block: Int, _ columns: Range<Int>, _ active: ActiveRows, _ normed: UnsafePointer<Float>,
        into dlogits: UnsafeMutablePointer<Float>, _ parameters: Parameters
    ) {
        let isKept = block < keptBlocks
        let width = columns.count
        if !isKept {
            multiply(normed, columns, into: dlogits, rows: active.indices.count, parameters)
        }
        let kept = keptBuffer.reserve(0) + rows.count * columns.lowerBound
        let scale = scale
        parameters.pool.splitRows(active.indices.count, channels: width) { _, range in
            for place in range {
                let row = active.indices[place]
                let logits = isKept ? kept + row * width : dlogits + place * width
                spind_softmax_gradient(
                    Int64(width), scale, logSumExp[row], -scale * active.totals[place], logits,
                    dlogits + place * width)
            }
        }
    }

    private func addOneHot(
        _ columns: Range<Int>, _ active: ActiveRows, _ weights: [Float],
        to dlogits: UnsafeMutablePointer<Float>
    ) {
        for (target, weight) in zip(targets.indices, weights)
        where weight != 0 && columns.contains(Int(targets[target].token)) {
            guard let place = active.places[rowOfTarget[target]] else { continue }
            let column = Int(targets[target].token) - columns.lowerBound
            dlogits[place * columns.count + column] += scale * weight
        }
    }
}
