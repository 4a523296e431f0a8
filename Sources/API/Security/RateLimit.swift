import SpinDomain
import Synchronization

/// Token buckets by name: so many requests at once, so many a second in the long run.
final class RateLimit: Sendable {
    private struct Bucket {
        var tokens: Double
        var filledAt: Timestamp
    }

    /// What keeps the table from growing under requests from ever new addresses.
    private static let maximumBuckets = 10_000
    private let perSecond: Double
    private let burst: Double
    private let buckets = Mutex<[String: Bucket]>([:])

    init(perSecond: Double, burst: Double) {
        self.perSecond = perSecond
        self.burst = burst
    }

    /// Takes one token.
    ///
    /// - Parameter isOnlyALook: leaves the token where it is.
    /// - Throws: a refusal with 429 that says when there will be one again.
    func take(_ name: String, at now: Timestamp, isOnlyALook: Bool = false) throws {
        let missing = buckets.withLock { buckets in
            if buckets.count >= Self.maximumBuckets { forgetFullOnes(&buckets, at: now) }
            var bucket = filled(buckets[name], at: now)
            if bucket.tokens >= 1 {
                if !isOnlyALook { bucket.tokens -= 1 }
                buckets[name] = bucket
                return 0.0
            }
            buckets[name] = bucket
            return 1 - bucket.tokens
        }
        if missing > 0 { throw Refusal.tooManyRequests(retryAfterSeconds: missing / perSecond) }
    }

    private func filled(_ bucket: Bucket?, at now: Timestamp) -> Bucket {
        guard let bucket else { return Bucket(tokens: burst, filledAt: now) }
        // A clock that was set back fills nothing.
        let seconds = max(0, now.seconds(since: bucket.filledAt))
        return Bucket(tokens: min(burst, bucket.tokens + seconds * perSecond), filledAt: now)
    }

    /// A full bucket is as good as none; if all are in use, everybody begins anew.
    private func forgetFullOnes(_ buckets: inout [String: Bucket], at now: Timestamp) {
        buckets = buckets.filter { filled($0.value, at: now).tokens < burst }
        if buckets.count >= Self.maximumBuckets { buckets = [:] }
    }
}
