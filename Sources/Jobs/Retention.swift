package import SpinDomain

/// Which checkpoints of a job stay.
package enum Retention {
    /// Those that may go after a new one was saved; pinned ones stay, and count for nothing.
    /// - Parameter checkpoints: newest first.
    package static func removable(
        _ checkpoints: [CheckpointRecord], options: CheckpointOptions
    ) -> [CheckpointRecord] {
        guard let keep = options.keep else { return [] }
        var kept = neededToResume(checkpoints)
        let free = checkpoints.filter { !$0.isPinned }
        switch options.monitor {
        case .step: kept.formUnion(free.prefix(keep).map(\.id))
        case .valLoss: kept.formUnion(bestFirst(free).prefix(keep).map(\.id))
        }
        return free.filter { !kept.contains($0.id) }
    }

    /// The newest, and the policy that its iteration began with, from which the iteration can be
    /// played again.
    /// - Parameter checkpoints: newest first.
    static func neededToResume(_ checkpoints: [CheckpointRecord]) -> Set<String> {
        guard let newest = checkpoints.first else { return [] }
        let reference = checkpoints.first {
            $0.isIterationEnd && $0.iteration == newest.iteration
        }
        return Set([newest.id, reference?.id].compactMap { $0 })
    }

    /// By validation loss; without one, and among equals, the newer first.
    private static func bestFirst(_ checkpoints: [CheckpointRecord]) -> [CheckpointRecord] {
        checkpoints.sorted { left, right in
            let losses = (left.validationLoss ?? .infinity, right.validationLoss ?? .infinity)
            return losses.0 == losses.1 ? left.step > right.step : losses.0 < losses.1
        }
    }
}
