import ArgumentParser
import SpinDomain
import Tensors

/// One JSON command a line in, one JSON answer a line out.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answer the commands of Benchmarks/compare.py.")

    @Option(help: "A Hugging Face folder or a GGUF file.")
    var model: String

    @Option(help: "Not used: the model is read from --model.")
    var gguf: String?

    @Option(help: "pairs.json of Benchmarks/prepare.py.")
    var pairs: String

    @Option(help: "prompts.json of Benchmarks/prepare.py.")
    var prompts: String

    @Option(help: "Worker threads.")
    var threads = WorkerPool.availableCores

    @Option(help: "Pairs of one forward and backward pass.")
    var microBatch = 4

    func run() throws {
        let inputs = try Inputs(pairs: pairs, prompts: prompts)
        let clock = MonotonicClock()
        let start = clock.now()
        let session = try Session(
            modelPath: model, inputs: inputs, threads: threads, microBatchSize: microBatch)
        let ready: JSONValue = [
            "ready": true, "name": "spind",
            "versions": ["spind": "0.1.0", "blas_kernel": .string(Machine.current.blasKernel)],
            "load_seconds": .number(clock.now().seconds(since: start)),
            "max_rss_bytes": .integer(ProcessMemory.peakBytes),
        ]
        ready.printLine()
        while let line = readLine() {
            let command = Self.parse(line)
            if command.name == "quit" { return }
            answer(command, session).printLine()
        }
    }

    /// What is no JSON object is a command without a name, which nobody knows.
    private static func parse(_ line: String) -> Command {
        Command((try? JSONParser.parse(line.utf8))?.object ?? JSONObject())
    }

    /// A command that fails is answered with what went wrong; the process goes on.
    private func answer(_ command: Command, _ session: Session) -> JSONValue {
        do {
            guard var answer = try session.perform(command) else { return ["error": "unsupported"] }
            answer["max_rss_bytes"] = .integer(ProcessMemory.peakBytes)
            return .object(answer)
        } catch {
            return ["error": .string(String(describing: error))]
        }
    }
}

/// One line of the protocol.
struct Command {
    private let members: JSONObject

    init(_ members: JSONObject) {
        self.members = members
    }

    var name: String { members["do"]?.string ?? "" }

    func integer(_ key: String, default standard: Int) -> Int {
        members[key]?.integer ?? standard
    }

    func number(_ key: String, default standard: Double) -> Double {
        members[key]?.double ?? standard
    }

    /// - Throws: `invalid` when it is not there.
    func text(_ key: String) throws -> String {
        guard let text = members[key]?.string else {
            throw SpinError(.invalid, "\(name) needs '\(key)'")
        }
        return text
    }

    /// Nil when it is not there.
    func integers(_ key: String) -> [Int]? {
        members[key]?.array?.compactMap(\.integer)
    }
}
