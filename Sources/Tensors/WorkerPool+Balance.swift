import Synchronization

extension WorkerPool {
    /// As `split`, but a worker's share follows how fast it was lately.
    ///
    /// The cores of a shared machine are seldom equally fast: the host lends one to somebody else
    /// for a second, or its hyper-thread is busy. Only for results that do not depend on where the
    /// ranges are cut.
    package func splitBySpeed(
        _ count: Int, grain: Int = 1, _ body: (_ worker: Int, _ range: Range<Int>) -> Void
    ) {
        precondition(count >= 0 && grain >= 1, "WorkerPool.splitBySpeed: \(count) by \(grain)")
        if count <= grain || width == 1 {
            if count > 0 { body(0, 0..<count) }
            return
        }
        let ranges = balance.withLock { $0.ranges(count: count, grain: grain) }
        var seconds = [Double](repeating: 0, count: width)
        seconds.withUnsafeMutableBufferPointer { seconds in
            // Each worker writes its own element, and all are done when `run` returns.
            nonisolated(unsafe) let seconds = seconds
            run { worker in
                guard !ranges[worker].isEmpty else { return }
                let start = ContinuousClock.now
                body(worker, ranges[worker])
                seconds[worker] = start.duration(to: .now) / .seconds(1)
            }
        }
        balance.withLock { $0.learn(ranges, seconds: seconds) }
    }
}
