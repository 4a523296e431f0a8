import Synchronization

/// How fast the workers of a pool have been lately, and what shares of a job follow from it.
package struct WorkerBalance {
    /// Of each worker's part in the speed of all; they add up to 1.
    package private(set) var shares: [Double]

    /// How much the last job counts: an estimate follows a core that changes its pace within a few
    /// jobs, and one hiccup does not turn it over.
    private static let newest = 0.3

    package init(width: Int) {
        shares = Array(repeating: 1 / Double(width), count: width)
    }

    /// Adjacent ranges that cover 0 ..< count, one for each worker, cut at multiples of `grain`.
    package func ranges(count: Int, grain: Int) -> [Range<Int>] {
        let grains = (count + grain - 1) / grain
        var (end, sum) = (0, 0.0)
        return shares.indices.map { worker in
            let start = end
            sum += shares[worker]
            let isLast = worker == shares.count - 1
            end = isLast ? count : min(count, Int((sum * Double(grains)).rounded()) * grain)
            return start..<end
        }
    }

    /// Learns from a job.
    ///
    /// - Parameters:
    ///   - ranges: as the job was shared out.
    ///   - seconds: what each worker took; unless all of them worked, nothing can be compared.
    package mutating func learn(_ ranges: [Range<Int>], seconds: [Double]) {
        guard zip(ranges, seconds).allSatisfy({ !$0.isEmpty && $1 > 0 }) else { return }
        let speeds = zip(ranges, seconds).map { Double($0.count) / $1 }
        let total = speeds.reduce(0, +)
        // Everybody keeps something to do, so that everybody's speed stays known.
        let least = 1 / Double(8 * shares.count)
        let mixed = zip(shares, speeds).map { share, speed in
            max(least, share + Self.newest * (speed / total - share))
        }
        let sum = mixed.reduce(0, +)
        shares = mixed.map { $0 / sum }
    }
}
