import SpinDomain

/// Whether a game should end because its iterations no longer help.
package enum EarlyStop {
    /// - Parameters:
    ///   - losses: on the validation set: before the first iteration, if it is known, and after
    ///     each one.
    ///   - patience: iterations in a row that may fail to beat the best loss before.
    package static func isDue(losses: [Double], patience: Int) -> Bool {
        guard let best = losses.min(), let index = losses.firstIndex(of: best) else { return false }
        return losses.count - 1 - index >= patience
    }

    /// The losses of a job's iterations, in order, with the one before the first.
    static func losses(of jobID: String, in store: any JobStore) throws -> [Double] {
        let first = try store.validations(job: jobID).first { $0.step == 0 }
        let later = try store.iterations(job: jobID).filter(\.isFinished).compactMap(
            \.validationLoss)
        return [first?.loss].compactMap { $0 } + later
    }
}
