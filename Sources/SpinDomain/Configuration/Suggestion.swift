/// "did you mean …" for a word that is nearly one of the known ones.
public enum Suggestion {
    /// A text to append to a sentence; empty when nothing is near.
    public static func text(for word: String, among known: [String]) -> String {
        nearest(to: word, among: known).map { " (did you mean '\($0)'?)" } ?? ""
    }

    public static func nearest(to word: String, among known: [String]) -> String? {
        let candidates = known.map { ($0, distance(word, $0)) }
        guard let best = candidates.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= max(1, min(word.count, best.0.count) / 3) ? best.0 : nil
    }

    /// Edits (insert, delete, replace, swap of neighbours) between two words, at most 64 bytes of each.
    private static func distance(_ first: String, _ second: String) -> Int {
        let first = Array(first.utf8.prefix(64))
        let second = Array(second.utf8.prefix(64))
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for row in 0..<first.count {
            var current = [row + 1]
            for column in 0..<second.count {
                let same = first[row] == second[column]
                var best = min(
                    last[column + 1] + 1, current[column] + 1, last[column] + (same ? 0 : 1))
                if row > 0, column > 0, first[row] == second[column - 1],
                    first[row - 1] == second[column]
                {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[second.count]
    }
}
