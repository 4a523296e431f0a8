import Dispatch
import Foundation

/// Turns SIGTERM and SIGINT into calls; the second one is told apart from the first.
///
/// The sources live as long as this value.
final class StopSignals {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter handler: gets how many signals came so far, on a background queue.
    init(_ handler: @escaping @Sendable (_ count: Int) -> Void) {
        let queue = DispatchQueue(label: "spind.signals")
        let count = Counter()
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handler(count.next()) }
            source.resume()
            return source
        }
    }

    /// Touched on the sources' one serial queue only, hence unchecked.
    private final class Counter: @unchecked Sendable {
        private var value = 0

        func next() -> Int {
            value += 1
            return value
        }
    }
}
