import Synchronization

/// How many requests each route answered with which status, and how long that took.
///
/// The time is that of the answer in the making: a stream, or a wait for news, counts until it begins.
final class RequestCounters: Sendable {
    /// Where a request has no route: 404, 405, OPTIONS.
    static let noRoute = "none"
    /// Upper bounds of the histogram's buckets.
    static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10]

    struct Key: Hashable, Sendable {
        var route: String
        var status: Int
    }

    struct Histogram: Sendable {
        var count = 0
        var seconds = 0.0
        /// By bound; slower ones are in `count` only.
        var counts = [Int](repeating: 0, count: RequestCounters.bounds.count)
    }

    private let state = Mutex<[Key: Histogram]>([:])

    func add(route: String, status: Int, seconds: Double) {
        let place = Self.bounds.firstIndex { seconds <= $0 }
        state.withLock { state in
            let key = Key(route: route, status: status)
            state[key, default: Histogram()].count += 1
            state[key, default: Histogram()].seconds += seconds
            if let place { state[key, default: Histogram()].counts[place] += 1 }
        }
    }

    /// Ordered by route and status.
    var all: [(key: Key, value: Histogram)] {
        state.withLock { Array($0) }.sorted {
            ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status)
        }
    }
}
