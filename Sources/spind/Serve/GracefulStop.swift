import Dispatch
import Foundation
import Jobs
import MicroHTTP
import Synchronization

/// How a server goes down after it has said that it is no longer ready.
///
/// The running job makes its way to a step's end and saves itself meanwhile, so that the whole
/// takes as long as the longer of the two.
struct GracefulStop {
    /// How long answers under way may take once nothing new is taken.
    static let drainSeconds = 5.0
    /// So long requests are still served, for whoever asks for readiness to hear of it.
    private static let noticeSeconds = 1.0

    /// How long the job may take.
    let seconds: Double

    /// - Returns: whether the job is saved.
    func run(_ runner: JobRunner, _ server: HTTPServer) -> Bool {
        let outcome = Outcome()
        DispatchQueue.global().async { [seconds] in
            outcome.finish(isSaved: runner.shutdown(deadlineSeconds: seconds))
        }
        Thread.sleep(forTimeInterval: Self.noticeSeconds)
        server.stop()
        return outcome.wait()
    }

    private final class Outcome: Sendable {
        private let isSaved = Atomic(false)
        private let isKnown = DispatchSemaphore(value: 0)

        func finish(isSaved value: Bool) {
            isSaved.store(value, ordering: .releasing)
            isKnown.signal()
        }

        func wait() -> Bool {
            isKnown.wait()
            return isSaved.load(ordering: .acquiring)
        }
    }
}
