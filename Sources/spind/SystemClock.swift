import Foundation
import SpinDomain

/// The machine's clock.
struct SystemClock: Clock {
    func now() -> Timestamp {
        Timestamp(microseconds: Int(Date().timeIntervalSince1970 * 1e6))
    }
}
