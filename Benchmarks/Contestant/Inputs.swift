import Foundation
import SelfPlay
import SpinDomain

/// What every contestant computes: token ids, made by Benchmarks/prepare.py.
struct Inputs {
    struct Pair {
        let prompt: [Int32]
        let actual: [Int32]
        let generated: [Int32]
    }

    let pairs: [Pair]
    /// β of the loss.
    let klPenalty: Double
    let prompts: [[Int32]]
    /// Response lengths that stand for the model's own; one a prompt.
    let lengths: [Int]
    /// Actual responses; one a prompt.
    let actual: [[Int32]]

    init(pairs pairsPath: String, prompts promptsPath: String) throws {
        let pairFile = try Self.read(pairsPath)
        pairs = try (pairFile["pairs"]?.array ?? []).map { pair in
            Pair(
                prompt: try Self.tokens(pair["prompt"]), actual: try Self.tokens(pair["actual"]),
                generated: try Self.tokens(pair["generated"]))
        }
        klPenalty = pairFile["beta"]?.double ?? 0.1
        let promptFile = try Self.read(promptsPath)
        prompts = try (promptFile["prompts"]?.array ?? []).map(Self.tokens)
        lengths = (promptFile["lengths"]?.array ?? []).compactMap(\.integer)
        actual = try (promptFile["actual"]?.array ?? []).map(Self.tokens)
    }

    private static func read(_ path: String) throws -> JSONValue {
        try JSONParser.parse(Data(contentsOf: URL(filePath: path)))
    }

    private static func tokens(_ value: JSONValue?) throws -> [Int32] {
        let tokens = (value?.array ?? []).compactMap(\.integer).compactMap(Int32.init(exactly:))
        guard !tokens.isEmpty, tokens.count == value?.array?.count else {
            throw SpinError(.malformed, "the inputs hold a sequence that is not token ids")
        }
        return tokens
    }
}
