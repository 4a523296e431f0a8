import ArgumentParser
import Client
import SpinDomain

/// `spind samples`: what the model writes beside what the data says.
struct SamplesCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "samples",
        abstract: "Show prompts with the data's response and the model's own.")

    @Argument(help: JobArgument.help, completion: JobArgument.completion)
    var job: String

    @Option(help: "Of this iteration; the default is the last one that has some.")
    var iteration: Int?

    @Option(help: "At most so many.")
    var limit = 5

    @Option(help: "Only samples after this one, as 0.17 for number 17 of iteration 0.")
    var after: String?

    @OptionGroup(title: "Server") var options: ClientOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit: 1 to 1000") }
    }

    func run(_ client: ServerClient) throws {
        let job = try client.job(job)
        let answer = try samples(of: job, client)
        guard !options.json else { return Console.say(answer) }
        let samples = try answer.json()["data"]?.array ?? []
        guard !samples.isEmpty else { return Console.say("no samples") }
        for sample in samples { Console.say(Self.lines(sample)) }
    }

    private func samples(of job: JobState, _ client: ServerClient) throws -> Answer {
        func page(_ iteration: Int?) throws -> Answer {
            try client.get(
                job.path + "/samples",
                query: [
                    ("iteration", iteration.map(String.init)), ("limit", "\(limit)"),
                    ("after", after),
                ])
        }
        guard iteration == nil, after == nil else { return try page(iteration) }
        // The last iteration may have none yet.
        let begun = try client.list(job.path + "/iterations").count
        for iteration in stride(from: begun - 1, to: 0, by: -1) {
            let answer = try page(iteration)
            if try answer.json()["data"]?.array?.isEmpty == false { return answer }
        }
        return try page(nil)
    }

    private static func lines(_ sample: JSONValue) -> [String] {
        func number(_ name: String) -> String { Quantity.number(sample[name]?.double) }
        let head =
            "sample \(number("iteration")).\(number("index")), row \(number("row")), "
            + "log-probability of the actual response \(number("reference_logp_actual")), "
            + "of the generated one \(number("reference_logp_generated")), "
            + "ended by \(sample["stop_reason"]?.string ?? "?")"
        return [head.forTerminal]
            + ["prompt", "actual", "generated"].flatMap { text(sample, $0) } + [""]
    }

    /// A text with its lines below each other; token ids where the model has no tokenizer.
    private static func text(_ sample: JSONValue, _ name: String) -> [String] {
        let text = sample[name]?.string ?? sample[name + "_ids"]?.text ?? ""
        return text.linesForTerminal.enumerated().map { index, line in
            let head = index == 0 ? name : ""
            return "  " + head + String(repeating: " ", count: 11 - head.count) + line
        }
    }
}
