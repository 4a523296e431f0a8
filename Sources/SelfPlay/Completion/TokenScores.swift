import CKernels

/// The plain model's log-probabilities of the tokens at one place of a sequence.
struct TokenScores {
    private let logits: UnsafeBufferPointer<Float>
    private let logSumExp: Double

    /// - Parameter logits: `[vocab]`, valid for as long as this value is used.
    init(_ logits: UnsafeBufferPointer<Float>) {
        var largest: Float = 0
        var logSumExp = Double.nan
        if let first = logits.baseAddress {
            spind_logits_statistics(first, logits.count, &largest, &logSumExp)
        }
        self.logits = logits
        self.logSumExp = logSumExp
    }

    func logProbability(_ token: Int32) -> Double { Double(logits[Int(token)]) - logSumExp }

    /// The likeliest tokens, of equals the lower id first.
    func likeliest(_ count: Int) -> [Int32] {
        guard count > 0 else { return [] }
        var best: [Int] = []
        var smallest = -Float.infinity
        for token in logits.indices where best.count < count || logits[token] > smallest {
            let place = best.firstIndex { logits[token] > logits[$0] } ?? best.count
            best.insert(token, at: place)
            if best.count > count { best.removeLast() }
            smallest = logits[best[best.count - 1]]
        }
        return best.map { Int32($0) }
    }
}
