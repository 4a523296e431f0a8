package import SpinDomain
package import Transformer

/// The pairs of one micro-batch as packed rows, and which log-probabilities count for what.
///
/// A pair is laid out as [prompt, common beginning of both responses][rest of the actual
/// response][rest of the generated one]: what both share is computed once. The last token of a
/// response predicts nothing and needs no row. Up to the first token that differs, both
/// responses have the same target in the same row, so their terms cancel in D.
package struct PackedPairs {
    /// The sums a pair's log-probabilities come to.
    package struct Sums {
        /// Over the scored window.
        package var actual = 0.0
        package var generated = 0.0
        /// Over every actual token, whatever the window.
        package var allActual = 0.0
    }

    /// What the log-probability of a target counts for.
    private struct Role: OptionSet {
        let rawValue: UInt8

        /// In the scored window of the response.
        static let actual = Role(rawValue: 1)
        static let generated = Role(rawValue: 2)
        /// An actual token, for the loss on actual responses.
        static let likelihood = Role(rawValue: 4)
    }

    package private(set) var rows: PackedRows
    package private(set) var targets: [ScoredTarget] = []
    private var roles: [Role] = []
    /// Each pair's targets.
    private var ranges: [Range<Int>] = []
    private let maskMode: SpinOptions.MaskMode

    /// - Parameter sharedCount: tokens of every prompt that have no rows here, at most all but two.
    package init(
        _ pairs: some Sequence<TrainingPair>, maskMode: SpinOptions.MaskMode,
        afterShared sharedCount: Int = 0
    ) {
        self.maskMode = maskMode
        rows = PackedRows(afterShared: sharedCount)
        for pair in pairs {
            append(Array(pair.prompt.dropFirst(sharedCount)), pair.actual, pair.generated)
        }
    }

    package var count: Int { ranges.count }

    /// - Parameter logProbabilities: of `targets`.
    package func sums(_ logProbabilities: [Float]) -> [Sums] {
        sums(logProbabilities.map(Double.init))
    }

    /// - Parameter values: whatever is known of each of `targets`.
    package func sums(_ values: [Double]) -> [Sums] {
        ranges.map { range in
            var sums = Sums()
            for target in range {
                let value = values[target]
                let role = roles[target]
                if role.contains(.actual) { sums.actual += value }
                if role.contains(.generated) { sums.generated += value }
                if role.contains(.likelihood) { sums.allActual += value }
            }
            return sums
        }
    }

    /// dLoss/dlog-probability of every target.
    ///
    /// - Parameters:
    ///   - pairScales: of each pair, its gradient scale over the batch's pairs.
    ///   - tokenScale: weight of the loss on actual responses over the batch's actual tokens.
    package func weights(pairScales: [Double], tokenScale: Double) -> [Float] {
        var weights = [Float](repeating: 0, count: targets.count)
        for (range, scale) in zip(ranges, pairScales) {
            for target in range {
                let role = roles[target]
                let sides =
                    (role.contains(.generated) ? 1.0 : 0) - (role.contains(.actual) ? 1.0 : 0)
                let likelihood = role.contains(.likelihood) ? tokenScale : 0
                weights[target] = Float(sides * scale - likelihood)
            }
        }
        return weights
    }

    // MARK: Layout

    private mutating func append(_ prompt: [Int32], _ actual: [Int32], _ generated: [Int32]) {
        precondition(
            !prompt.isEmpty && !actual.isEmpty, "PackedPairs: a prompt or actual response is empty")
        let common = zip(actual, generated).prefix { $0 == $1 }.count
        // Shared tokens that still predict something.
        let shared = min(common, max(actual.count, generated.count) - 1)
        let trunk = rows.append(prompt + actual[..<shared])
        let first = targets.count

        appendPromptTarget(prompt, trunk, hasGenerated: !generated.isEmpty)
        let lastPromptRow = trunk.lowerBound + prompt.count - 1
        for index in 0..<common {
            append(
                row: lastPromptRow + index, actual[index],
                [role(.actual, index, of: actual), role(.generated, index, of: generated)])
        }
        appendBranch(.actual, actual, from: common, after: trunk)
        appendBranch(.generated, generated, from: common, after: trunk)
        ranges.append(first..<targets.count)
    }

    /// The rest of a response, from the first token that differs.
    private mutating func appendBranch(
        _ side: Role, _ response: [Int32], from common: Int, after trunk: Range<Int>
    ) {
        guard common < response.count else { return }
        append(
            row: trunk.upperBound - 1, response[common], role(side, common, of: response))
        guard common + 1 < response.count else { return }
        let branch = rows.append(Array(response[common..<response.count - 1]), after: trunk)
        for (row, index) in zip(branch, (common + 1)...) {
            append(row: row, response[index], role(side, index, of: response))
        }
    }

    /// NeMo-Aligner's window begins with the last prompt token, which nothing predicts when it is
    /// the first token of all.
    private mutating func appendPromptTarget(
        _ prompt: [Int32], _ trunk: Range<Int>, hasGenerated: Bool
    ) {
        guard maskMode == .nemo, prompt.count > 1 else { return }
        let row = trunk.lowerBound + prompt.count - 2
        append(row: row, prompt[prompt.count - 1], hasGenerated ? [.actual, .generated] : .actual)
    }

    /// What the token at `index` of the actual or the generated response counts for.
    private func role(_ side: Role, _ index: Int, of response: [Int32]) -> Role {
        let isInWindow = maskMode == .exact || index < response.count - 1
        let window: Role = isInWindow ? side : []
        return side == .actual ? window.union(.likelihood) : window
    }

    private mutating func append(row: Int, _ token: Int32, _ role: Role) {
        guard !role.isEmpty else { return }
        targets.append(ScoredTarget(row: row, token: token))
        roles.append(role)
    }
}
