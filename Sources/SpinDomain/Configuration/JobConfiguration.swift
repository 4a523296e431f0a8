/// What a job is to do: the whole of what a user submits, every default filled in.
///
/// Names on the wire are snake_case and, where NeMo-Aligner has the key, NeMo-Aligner's.
public struct JobConfiguration: Sendable, Equatable {
    public enum Method: String, Sendable, CaseIterable {
        /// Self-play fine-tuning (arXiv 2401.01335).
        case spin
        /// The same trainer with the plain next-token loss on the actual responses.
        case sft
    }

    public enum Mode: String, Sendable, CaseIterable {
        case auto
        /// The job waits, and plays only the iterations that are asked for.
        case manual
    }

    public var name: String
    public var method: Method = .spin
    /// A registered model or a checkpoint id.
    public var model: String
    public var dataset: String
    public var validationDataset: String?
    public var mode: Mode = .auto
    public var seed: UInt64 = 1234
    public var labels: [String: String] = [:]
    /// Of queued jobs the one with the highest runs first.
    public var priority = 0
    public var spin = SpinOptions()
    public var train = TrainOptions()
    public var optim = OptimizerOptions()
    public var checkpoint = CheckpointOptions()
    public var alerts = AlertOptions()

    public init(name: String, model: String, dataset: String) {
        self.name = name
        self.model = model
        self.dataset = dataset
    }

    public var json: JSONValue {
        [
            "name": .string(name), "method": .string(method.rawValue), "model": .string(model),
            "dataset": .string(dataset), "validation_dataset": JSONValue(validationDataset),
            "mode": .string(mode.rawValue), "seed": .integer(Int(seed)),
            "labels": .object(
                JSONObject(labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
            "priority": .integer(priority), "spin": spin.json, "train": train.json,
            "optim": optim.json, "checkpoint": checkpoint.json,
            "alerts": alerts.json,
        ]
    }
}
