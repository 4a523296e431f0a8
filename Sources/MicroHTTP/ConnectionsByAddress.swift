import Synchronization

/// Keeps one client from taking all the places of a server.
final class ConnectionsByAddress: Sendable {
    private let maximum: Int?
    private let counts = Mutex<[String: Int]>([:])

    /// - Parameter maximum: nil for no limit.
    init(maximum: Int?) {
        self.maximum = maximum
    }

    /// Counts a connection; false if the address has as many as it may.
    func enter(_ address: String) -> Bool {
        guard let maximum else { return true }
        return counts.withLock { counts in
            guard counts[address, default: 0] < maximum else { return false }
            counts[address, default: 0] += 1
            return true
        }
    }

    func leave(_ address: String) {
        guard maximum != nil else { return }
        counts.withLock { counts in
            let count = counts[address, default: 0] - 1
            counts[address] = count > 0 ? count : nil
        }
    }
}
