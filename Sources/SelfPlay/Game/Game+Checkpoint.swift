import Foundation
import SpinDomain
import Tensors
import Transformer

extension Game {
    var checkpointFolder: URL { URL(filePath: job.checkpointFolder, directoryHint: .isDirectory) }

    /// Writes a checkpoint of this very moment; the caller reports it.
    func save(isIterationEnd: Bool) throws -> CheckpointRecord {
        try enter(.save)
        let watch = Stopwatch(clock)
        guard VectorOperations.isFinite(decoder.weights.buffer, using: decoder.pool) else {
            throw SpinError(
                .diverged, "a weight is not finite after \(state.step) steps",
                hint: "lower the learning rate")
        }
        state.updates = optimizer.updates
        let surroundings = Checkpoint.Surroundings(
            description: prepared.model.description, extraFiles: prepared.model.tokenizerFiles,
            folder: checkpointFolder)
        let text = state.json(configuration, plan).indentedText
        let written = try Checkpoint.write(
            .init(
                weights: decoder.weights, optimizer: optimizer, state: state,
                stateText: Data(text.utf8)),
            surroundings)
        savedStep = state.step
        record.checkpointSeconds = (record.checkpointSeconds ?? 0) + watch.seconds
        return CheckpointRecord(
            id: Checkpoint.id(jobID: job.jobID, step: state.step), jobID: job.jobID,
            step: state.step, iteration: state.iteration, isIterationEnd: isIterationEnd,
            path: written.folder.path(percentEncoded: false), files: written.files,
            validationLoss: state.validatedStep == state.step ? state.validationLoss : nil,
            createdAt: clock.now())
    }
}
