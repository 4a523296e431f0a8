/// Batches, lengths and intervals: the `train` section.
public struct TrainOptions: Sendable, Equatable {
    /// Pairs an optimizer step; an incomplete last batch of an epoch is left out.
    public var globalBatchSize = 16
    /// Pairs a forward and backward pass; divides `globalBatchSize`.
    public var microBatchSize = 4
    /// Longest prompt and response together, in tokens; longer rows are left out and counted.
    public var maxSeqLength = 1024
    /// Largest global gradient norm; nil does not clip.
    public var gradientClipVal: Double? = 1.0
    /// Cap on the whole job's steps; nil (−1 on the wire) for none.
    public var maxSteps: Int?
    public var limitTrainBatches: BatchLimit = .fraction(1)
    public var limitValBatches: BatchLimit = .fraction(1)
    /// Steps, or a share of an epoch, between validations; nil (0 on the wire) only at the ends.
    public var valCheckInterval: BatchLimit? = .fraction(1)
    /// Steps between checkpoints besides the one at each iteration's end; nil (0) for none.
    public var saveInterval: Int?
    /// Seconds after which the job saves and pauses, written `DD:HH:MM:SS`.
    public var maxTimeSeconds: Int?

    public init() {}

    public var json: JSONValue {
        [
            "global_batch_size": .integer(globalBatchSize),
            "micro_batch_size": .integer(microBatchSize),
            "max_seq_length": .integer(maxSeqLength),
            "gradient_clip_val": JSONValue(gradientClipVal),
            "max_steps": .integer(maxSteps ?? -1),
            "limit_train_batches": limitTrainBatches.json,
            "limit_val_batches": limitValBatches.json,
            "val_check_interval": valCheckInterval?.json ?? .integer(0),
            "save_interval": .integer(saveInterval ?? 0),
            "max_time": JSONValue(maxTimeSeconds.map(DurationText.write)),
        ]
    }
}

/// NeMo-Aligner's `DD:HH:MM:SS`.
public enum DurationText {
    public static func write(_ seconds: Int) -> String {
        [seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]
            .map { $0 < 10 ? "0\($0)" : "\($0)" }
            .joined(separator: ":")
    }

    /// Nil when the text is not four numbers within their ranges.
    public static func parse(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 4, let days = parts[0], let hours = parts[1], let minutes = parts[2],
            let seconds = parts[3], (0...10_000).contains(days), (0..<24).contains(hours),
            (0..<60).contains(minutes), (0..<60).contains(seconds)
        else { return nil }
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    }
}
