import ArgumentParser
import Foundation
import SpinDomain
import Tensors

/// How cost and memory grow.
///
/// Every point runs in a process of its own, since a process never gives its peak memory back.
struct ScalingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scaling",
        abstract: "Measure a step and a rollout against threads, pairs, lengths and model size.",
        discussion: "One JSON object a line, as `point` writes it, with the axis it belongs to.")

    @Option(help: "Most worker threads.")
    var threads = WorkerPool.availableCores

    func run() throws {
        for axis in Axis.all(threads: threads) {
            for (value, load) in axis.points {
                var line: JSONObject = ["axis": .string(axis.name), "value": .integer(value)]
                for (key, answer) in try measure(load).members { line[key] = answer }
                JSONValue.object(line).printLine()
            }
        }
    }

    private func measure(_ load: Load) throws -> JSONObject {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["point"] + load.arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let object = try JSONParser.parse(text).object else {
            throw SpinError(.internal, "the point \(load.arguments) did not come to an end")
        }
        return object
    }
}

/// One thing that varies, all else as in `Load()`.
private struct Axis {
    let name: String
    let points: [(value: Int, load: Load)]

    private init(_ name: String, _ values: [Int], _ base: Load, _ change: (inout Load, Int) -> Void)
    {
        self.name = name
        points = values.map { value in
            var load = base
            change(&load, value)
            return (value, load)
        }
    }

    static func all(threads: Int) -> [Axis] {
        var base = Load()
        base.threads = threads
        let fewer = sequence(first: 1) { $0 * 2 }.prefix { $0 < threads }
        return [
            Axis("threads", Array(fewer) + [threads], base) { $0.threads = $1 },
            Axis("pairs", [1, 2, 4, 8, 16], base) { $0.pairs = $1 },
            Axis("prompt_tokens", [64, 128, 256, 512, 1024], base) { $0.promptTokens = $1 },
            Axis("response_tokens", [32, 64, 128, 256, 512], base) { $0.responseTokens = $1 },
            Axis("parameters_millions", ModelSize.allCases.map(\.rawValue), base) { load, value in
                load.size = ModelSize(rawValue: value) ?? load.size
            },
        ]
    }
}
