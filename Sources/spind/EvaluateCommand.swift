import ArgumentParser
import SelfPlay
import SpinDomain

/// `spind evaluate`: how well a model answers held-out prompts.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Exact match and loss of a model on a data set, as one JSON object.",
        discussion: """
            exact_match: share of greedy answers that equal the response token for token;
            sampled_match: the same for one sampled answer a prompt; response_loss: negative
            log-likelihood of a response, summed over its tokens; token_loss: the same a token.
            """)

    @Argument(help: "A Hugging Face folder, a checkpoint folder, or a GGUF file.")
    var model: String

    @Argument(help: "A JSONL file.")
    var dataset: String

    @Option(help: "Most new tokens.")
    var maxLength = 128

    @Option(help: "Only the first rows.")
    var limit: Int?

    @Option(help: "Seed of the sampled answers.")
    var seed: UInt64 = 1234

    @Option(help: "Threads; the default is the number of usable cores.")
    var threads: Int?

    func run() throws {
        let engine = GameEngine(threads: threads, clock: SystemClock())
        let evaluation = try engine.evaluate(
            modelPath: model, datasetPath: dataset, maxLength: maxLength, limit: limit, seed: seed)
        print(evaluation.json.text)
    }
}
