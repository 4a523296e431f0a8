import Transformer

/// Prompts with their responses, packed for the fast decoder and as plain sequences for the naive one.
struct Batch {
    struct Family {
        let prompt: [Int32]
        let responses: [[Int32]]
    }

    let families: [Family]
    private(set) var rows: PackedRows
    private(set) var targets: [ScoredTarget] = []
    /// Numbers that stand for d loss / d log-probability of each target.
    private(set) var weights: [Float] = []

    /// - Parameter sharedCount: tokens that every prompt begins with and that have no rows.
    init(_ families: [Family], afterShared sharedCount: Int = 0) {
        self.families = families
        rows = PackedRows(afterShared: sharedCount)
        var random = SplitMix(state: 99)
        for family in families {
            let prompt = rows.append(Array(family.prompt.dropFirst(sharedCount)))
            for response in family.responses {
                let range = rows.append(response, after: prompt)
                for (index, token) in response.enumerated() {
                    let row = index == 0 ? prompt.upperBound - 1 : range.lowerBound + index - 1
                    targets.append(ScoredTarget(row: row, token: token))
                    weights.append(random.symmetric())
                }
            }
        }
    }

    /// Pairs of all shapes: long ones that fill several attention blocks, a prompt of one token,
    /// an empty response, one of a single token, equal responses.
    init(vocabulary: Int, long: Bool = false) {
        var random = SplitMix(state: 7)
        let stretch = long ? 9 : 1
        let shapes = [(7 * stretch, [9 * stretch, 6]), (1, [3, 8]), (5, [0, 4]), (4, [1, 1])]
        var families = shapes.map { prompt, responses in
            Family(
                prompt: random.tokens(prompt, below: vocabulary),
                responses: responses.map { random.tokens($0, below: vocabulary) })
        }
        let same = random.tokens(3, below: vocabulary)
        families.append(
            Family(prompt: random.tokens(2, below: vocabulary), responses: [same, same]))
        self.init(families)
    }

    /// The same log-probabilities as `TrainingPass.forward(rows, targets)`.
    func logProbabilities(_ decoder: NaiveDecoder) -> [Double] {
        families.flatMap { family in
            family.responses.flatMap { response -> [Double] in
                let all = decoder.logProbabilities(family.prompt + response)
                return response.enumerated().map { index, token in
                    all[family.prompt.count + index - 1][Int(token)]
                }
            }
        }
    }

    /// A loss whose gradient with respect to the log-probabilities is `weights`.
    func loss(_ decoder: NaiveDecoder) -> Double {
        zip(logProbabilities(decoder), weights).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
}
