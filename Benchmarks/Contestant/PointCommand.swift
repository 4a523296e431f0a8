import ArgumentParser
import SelfPlay
import SpinDomain
import Tensors
import Transformer

/// One scaling point: a rollout and a step of a model with random weights.
struct PointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "point", abstract: "Measure one rollout and one step.")

    @Option(help: "Worker threads.")
    var threads = Load().threads

    @Option(help: "Millions of parameters.")
    var size = Load().size

    @Option(help: "Pairs of the step, and prompts of the rollout.")
    var pairs = Load().pairs

    @Option(help: "Tokens of each prompt.")
    var promptTokens = Load().promptTokens

    @Option(help: "Tokens of each response.")
    var responseTokens = Load().responseTokens

    func run() throws {
        let pool = WorkerPool(width: threads)
        let configuration = size.configuration
        let weights = ParameterArena(ParameterLayout(configuration))
        weights.fillForTrials(using: pool)
        let trial = GameTrial(
            decoder: Decoder(configuration: configuration, weights: weights, pool: pool),
            promptTokens: promptTokens, responseTokens: responseTokens,
            clock: MonotonicClock())
        let rollout = try trial.rollout(sequences: pairs)
        let rolloutPeak = ProcessMemory.peakBytes
        let step = try trial.step(pairs: pairs)
        let line: JSONValue = [
            "threads": .integer(threads), "parameters": .integer(weights.layout.parameterCount),
            "pairs": .integer(pairs), "prompt_tokens": .integer(promptTokens),
            "response_tokens": .integer(responseTokens),
            "rollout_seconds": .number(rollout.seconds),
            "rollout_tokens": .integer(rollout.tokens),
            "rollout_max_rss_bytes": .integer(rolloutPeak),
            "step_seconds": .number(step.seconds),
            "step_gflops": .number(step.operations / step.seconds / 1e9),
            "max_rss_bytes": .integer(ProcessMemory.peakBytes),
        ]
        line.printLine()
    }
}
