import Foundation
import ModelFiles
import SelfPlay
import SpinDomain
import Tensors
import Transformer

/// A loaded model and what the commands made of it so far.
///
/// Memory for training is taken when the first step asks for it, as in a job.
final class Session {
    let modelPath: String
    let inputs: Inputs
    let microBatchSize: Int
    let model: ModelDescription
    let decoder: Decoder
    var training: Training?

    var pool: WorkerPool { decoder.pool }

    init(modelPath: String, inputs: Inputs, threads: Int, microBatchSize: Int) throws {
        self.modelPath = modelPath
        self.inputs = inputs
        self.microBatchSize = microBatchSize
        let pool = WorkerPool(width: threads)
        let (description, weights) = try ModelReader.load(URL(filePath: modelPath), pool: pool)
        model = description
        decoder = Decoder(
            configuration: description.configuration, weights: weights, pool: pool)
    }

    /// - Returns: nil for a command that is not known.
    func perform(_ command: Command) throws -> JSONObject? {
        switch command.name {
        case "step": try step(command)
        case "reset": try reset()
        case "rollout": try rollout(command)
        case "score": try score()
        case "iteration": try iteration(command)
        case "prefill": prefill(command)
        case "decode": try decode(command)
        case "checkpoint": try checkpoint(command)
        case "first_token": try firstToken(command)
        case "sgemm": sgemm()
        default: nil
        }
    }
}
