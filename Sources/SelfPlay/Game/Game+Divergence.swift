import Foundation
import ModelFiles
import SpinDomain
import Transformer

extension Game {
    /// How far the iteration has taken the policy from its reference policy.
    ///
    /// The reference policy is read once more, into the memory that the gradients have left.
    func measureDivergence(_ iteration: GamePlan.Iteration, on pairs: PairTable) throws {
        let chosen = pairs.spread(configuration.spin.klPairs, below: plan.ownSamples)
        guard isSpin, !chosen.isEmpty else { return }
        try enter(.validate)
        let watch = Stopwatch(clock)
        guard let reference = try readReference(iteration) else { return }
        let meter = DivergenceMeter(
            policy: decoder, reference: reference,
            pairsAtOnce: configuration.spin.logProbForwardMicroBatchSize)
        let sums = try meter.sums(chosen, betweenBatches: control.heed)
        record.measuredKL = MeasuredKL(
            pairs: chosen.count, actual: .init(of: sums.map(\.actual)),
            generated: .init(of: sums.map(\.generated)), seconds: watch.seconds)
    }

    /// Nil, with a warning, when its files have gone: the game does not need them any more.
    private func readReference(_ iteration: GamePlan.Iteration) throws -> Decoder? {
        let folder =
            iteration.firstStep == 0
            ? URL(filePath: job.sources.modelPath)
            : checkpointFolder.appending(path: Checkpoint.folderName(step: iteration.firstStep))
        let weights = ParameterArena(decoder.weights.layout)
        do {
            try ModelReader.load(folder, into: weights, pool: decoder.pool)
        } catch {
            try report(
                .warning(
                    "the KL of iteration \(iteration.index) was not measured, since its "
                        + "reference policy cannot be read: \(error)"))
            return nil
        }
        return Decoder(
            configuration: decoder.configuration, weights: weights, pool: decoder.pool)
    }
}
