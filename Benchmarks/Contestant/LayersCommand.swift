import ArgumentParser
import SpinDomain
import Tensors
import Transformer

/// Each layer alone, beside what the machine can do at most.
struct LayersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layers",
        abstract: "Measure linear layers, attention, norms, head, optimizer and sampler alone.",
        discussion: """
            One JSON object a line; the first has the machine's limits. A layer's share is the \
            time it needs at least (its operations at the speed of a large matrix product, or its \
            bytes at the memory's read bandwidth, whichever takes longer) over the time it took; \
            it passes 1 where the caches hold what was counted as memory.
            """)

    /// Layers of weights: too many for most caches.
    private static let layers = 4

    @Option(help: "Worker threads.")
    var threads = WorkerPool.availableCores

    @Option(help: "Seconds for each layer.")
    var seconds = 0.3

    func run() throws {
        let pool = WorkerPool(width: threads)
        let limits = MachineLimits(pool: pool)
        limits.json.printLine()
        let shapes: [(String, DecoderConfiguration)] = [
            ("SmolLM2-135M", .smolLM2(layers: Self.layers)),
            ("Qwen2.5-0.5B", .qwen2(layers: Self.layers)),
        ]
        for (name, configuration) in shapes {
            let workshop = Workshop(configuration, pool: pool)
            for makeTrials in workshop.makers {
                for trial in makeTrials() { measure(trial, shape: name, limits) }
            }
        }
    }

    private func measure(_ trial: LayerTrial, shape: String, _ limits: MachineLimits) {
        let taken = medianSeconds(trial.run)
        let least = trial.leastSeconds(
            operationsPerSecond: limits.operationsPerSecond,
            bytesPerSecond: limits.readBytesPerSecond)
        let line: JSONValue = [
            "shape": .string(shape), "layer": .string(trial.name), "rows": .integer(trial.rows),
            "seconds": .number(taken),
            "gflops": trial.operations > 0 ? .number(trial.operations / taken / 1e9) : .null,
            "gbytes_per_second": trial.bytes > 0 ? .number(trial.bytes / taken / 1e9) : .null,
            "share": .number(least / taken),
        ]
        line.printLine()
    }

    /// The first run, which meets cold caches and untouched memory, does not count.
    private func medianSeconds(_ work: () -> Void) -> Double {
        work()
        let clock = MonotonicClock()
        let start = clock.now()
        var taken: [Double] = []
        repeat {
            taken.append(timed(work).seconds)
        } while clock.now().seconds(since: start) < seconds || taken.count < 3
        return taken.sorted()[taken.count / 2]
    }
}

/// What the machine can do at most, in the minute of the measurement.
struct MachineLimits {
    let threads: Int
    let operationsPerSecond: Double
    let readBytesPerSecond: Double
    let triadBytesPerSecond: Double

    init(pool: WorkerPool) {
        let probe = SpeedProbe(pool: pool, clock: MonotonicClock())
        threads = pool.width
        operationsPerSecond = probe.matrixProduct(size: 4096, seconds: 1) ?? .nan
        readBytesPerSecond = probe.readBandwidth() ?? .nan
        triadBytesPerSecond = probe.triadBandwidth() ?? .nan
    }

    var json: JSONValue {
        [
            "blas_kernel": .string(Machine.current.blasKernel), "threads": .integer(threads),
            "sgemm_gflops": .number(operationsPerSecond / 1e9),
            "read_gbytes_per_second": .number(readBytesPerSecond / 1e9),
            "triad_gbytes_per_second": .number(triadBytesPerSecond / 1e9),
        ]
    }
}
