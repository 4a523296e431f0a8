import Dispatch
import Foundation

/// Turns SIGTERM and SIGINT into calls, of which the second one is told apart from the first, and
/// SIGHUP into another.
///
/// The sources live as long as this value.
final class StopSignals {
    private let sources: [any DispatchSourceSignal]

    /// A signal that comes after this call is not lost.
    ///
    /// - Parameters:
    ///   - hangUp: called for each SIGHUP; nil to let it end the process.
    ///   - handler: gets how many of the others came so far, on a background queue.
    init(
        hangUp: (@Sendable () -> Void)?, _ handler: @escaping @Sendable (_ count: Int) -> Void
    ) {
        let queue = DispatchQueue(label: "spind.signals")
        let count = Counter()
        let stops = [SIGTERM, SIGINT].map { number in
            Self.source(number, queue) { handler(count.next()) }
        }
        sources = stops + (hangUp.map { [Self.source(SIGHUP, queue, $0)] } ?? [])
    }

    private static func source(
        _ number: Int32, _ queue: DispatchQueue, _ action: @escaping @Sendable () -> Void
    ) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler(handler: action)
        // Until the source is registered, a signal that is ignored is gone.
        let isRegistered = DispatchSemaphore(value: 0)
        source.setRegistrationHandler { isRegistered.signal() }
        source.resume()
        isRegistered.wait()
        return source
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
