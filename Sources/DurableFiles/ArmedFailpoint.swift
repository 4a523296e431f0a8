import Glibc
import SpinDomain
import Synchronization

/// A failpoint that will end the process.
package final class ArmedFailpoint: Sendable {
    package let point: Failpoint
    private let left: Mutex<Int>

    /// Nil without the variable.
    /// - Parameter environment: a name, or a name, a colon and which pass it is.
    package init?(environment text: String?) throws {
        guard let text, !text.isEmpty else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let point = Failpoint(rawValue: String(parts[0])),
            let count = parts.count == 2 ? Int(parts[1]) : 1, count >= 1
        else {
            let known = Failpoint.allCases.map(\.rawValue)
            throw SpinError(
                .invalid, "SPIND_FAILPOINT: '\(text)' is no failpoint",
                hint: "name or name:n, with one of \(known.joined(separator: ", "))")
        }
        self.point = point
        left = Mutex(count)
    }

    func pass(_ passed: Failpoint) {
        guard passed == point, countDown() == 0 else { return }
        kill(getpid(), SIGKILL)
        // The signal may take a moment to come; nothing must happen in it.
        while true { pause() }
    }

    /// How many passes are still let by.
    package func countDown() -> Int {
        left.withLock { left in
            left -= 1
            return left
        }
    }
}
