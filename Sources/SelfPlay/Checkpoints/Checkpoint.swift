package import Foundation
package import ModelFiles
import SpinDomain
package import Transformer

/// What a checkpoint folder is: a Hugging Face model, the optimizer's moments, and a `RunState`.
package struct Checkpoint {
    package static let stateFile = "trainer_state.json"
    package static let momentsFile = "optimizer.safetensors"

    /// Everything of a run that must survive it.
    package struct Contents {
        package let weights: ParameterArena
        package let optimizer: Optimizer
        package let state: RunState
        /// The text of `state`.
        package let stateText: Data
    }

    /// What is the same in all checkpoints of a job.
    package struct Surroundings {
        package let description: ModelDescription
        /// The tokenizer's, by name.
        package let extraFiles: [String: Data]
        package let folder: URL
    }

    package static func folderName(step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    package static func id(jobID: String, step: Int) -> String {
        let suffix = jobID.hasPrefix("job_") ? String(jobID.dropFirst(4)) : jobID
        return "ckpt_\(suffix)_\(step)"
    }
}
