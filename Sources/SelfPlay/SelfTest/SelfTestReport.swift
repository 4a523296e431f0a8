public import SpinDomain

/// What the self-test measured.
public struct SelfTestReport: Sendable {
    public var processor: Processor
    /// OpenBLAS's core, or "portable".
    public var blasKernel: String
    public var threads: Int
    /// Programs that wanted a processor in the minute before the test; nil where unknown.
    public var load: Double?
    /// Of a large matrix product, in operations a second.
    public var singleThreadOperations: Double
    public var operations: Double
    /// In bytes a second, on all threads.
    public var readBandwidth: Double
    public var triadBandwidth: Double
    /// Training steps of the small model.
    public var stepSeconds: Double
    public var stepTokensPerSecond: Double
    /// Needed operations a second over `operations`: the model FLOPs utilisation.
    public var mfu: Double
    /// One sequence alone, and many side by side.
    public var lonelyTokensPerSecond: Double
    public var batchedTokensPerSecond: Double
    /// The weights' bytes a second of a lonely sequence over `readBandwidth`.
    public var bandwidthShare: Double

    package init(
        processor: Processor, blasKernel: String, threads: Int, load: Double?,
        singleThreadOperations: Double, operations: Double, readBandwidth: Double,
        triadBandwidth: Double, stepSeconds: Double, stepTokensPerSecond: Double, mfu: Double,
        lonelyTokensPerSecond: Double, batchedTokensPerSecond: Double, bandwidthShare: Double
    ) {
        self.processor = processor
        self.blasKernel = blasKernel
        self.threads = threads
        self.load = load
        self.singleThreadOperations = singleThreadOperations
        self.operations = operations
        self.readBandwidth = readBandwidth
        self.triadBandwidth = triadBandwidth
        self.stepSeconds = stepSeconds
        self.stepTokensPerSecond = stepTokensPerSecond
        self.mfu = mfu
        self.lonelyTokensPerSecond = lonelyTokensPerSecond
        self.batchedTokensPerSecond = batchedTokensPerSecond
        self.bandwidthShare = bandwidthShare
    }

    /// How much faster all threads are than one.
    public var threadGain: Double { operations / singleThreadOperations }

    public var json: JSONValue {
        [
            "processor": [
                "name": JSONValue(processor.name),
                "vectors": JSONValue(processor.vectors?.rawValue),
                "cores": .integer(processor.cores),
                "usable_cores": .integer(processor.usableCores),
            ],
            "blas_kernel": .string(blasKernel), "threads": .integer(threads),
            "load": JSONValue(load),
            "sgemm": [
                "single_thread_gflops": .number(singleThreadOperations / 1e9),
                "gflops": .number(operations / 1e9),
            ],
            "memory": [
                "read_gbytes_per_second": .number(readBandwidth / 1e9),
                "triad_gbytes_per_second": .number(triadBandwidth / 1e9),
            ],
            "step": [
                "seconds": .number(stepSeconds),
                "tokens_per_second": .number(stepTokensPerSecond), "mfu": .number(mfu),
            ],
            "decode": [
                "single_tokens_per_second": .number(lonelyTokensPerSecond),
                "single_bandwidth_share": .number(bandwidthShare),
                "batched_tokens_per_second": .number(batchedTokensPerSecond),
            ],
            "is_used_well": .bool(findings.isEmpty),
            "findings": JSONValue(findings),
        ]
    }
}
