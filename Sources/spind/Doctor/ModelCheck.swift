import SelfPlay
import SpinDomain
import Storage

/// Whether the memory, or the container's limit, is enough for the largest registered model.
struct ModelCheck {
    /// Weights, gradients and AdamW's two moments, in 32 bits each; activations come on top.
    private static let bytesPerParameter = 16

    let folder: String

    /// Nil where nothing can be said: no model, or a database of another release.
    var finding: Finding? {
        guard let memory = MachineMemory.total(),
            let model = try? SQLiteStore.largestModel(in: folder)
        else { return nil }
        let need = model.summary.parameters * Self.bytesPerParameter
        let detail =
            "the largest, \(model.name), takes \(need >> 20) MiB and its activations to train; "
            + "there are \(memory >> 20)"
        guard need > memory else { return .ok("models", detail) }
        return .warning(
            "models", detail,
            hint: "raise the container's memory limit, or train a smaller model; "
                + "POST /v1/jobs?validate_only=true says what a job needs")
    }
}
