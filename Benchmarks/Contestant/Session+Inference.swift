import DurableFiles
import Foundation
import ModelFiles
import SelfPlay
import SpinDomain
import Tensors
import Transformer

extension Session {
    private static let promptTokens = 16

    /// One long prompt through an empty cache, up to the logits of its last token.
    func prefill(_ command: Command) -> JSONObject {
        let count = command.integer("tokens", default: 512)
        let repeats = command.integer("repeat", default: 4)
        let tokens = someTokens(count)
        let pass = makePass(capacity: count)
        let (_, seconds) = timed {
            for _ in 0..<repeats {
                pass.cache.truncate(0, to: 0)
                pass.extend([.init(slot: 0, tokens: tokens)], readable: [count - 1])
                _ = pass.logits(of: [count - 1])
            }
        }
        return ["seconds": .number(seconds), "tokens": .integer(count * repeats)]
    }

    /// Greedy decoding of one sequence; its prompt is not timed.
    func decode(_ command: Command) throws -> JSONObject {
        let count = command.integer("tokens", default: 128)
        let pass = makePass(capacity: Self.promptTokens + count)
        let greedy = GreedyReader(pass: pass, decoder: decoder)
        var token = greedy.next(after: someTokens(Self.promptTokens))
        let (_, seconds) = timed {
            for _ in 0..<count { token = greedy.next(after: [token]) }
        }
        return ["seconds": .number(seconds), "tokens": .integer(count)]
    }

    /// From a file to the first token.
    func firstToken(_ command: Command) throws -> JSONObject {
        let url = URL(filePath: try command.text("file"))
        let (token, seconds) = try timed {
            let configuration = try ModelReader.describe(url).configuration
            let weights = ParameterArena(
                ParameterLayout(configuration), isSparse: PackedWeights.replaceMatrices)
            let fresh = Decoder(configuration: configuration, weights: weights, pool: pool)
            let packed = try PackedWeights(fresh) { apart, take in
                try ModelReader.load(url, into: weights, apart: apart, pool: pool, take)
            }
            let cache = KeyValueCache(
                configuration: fresh.configuration, slots: 1, capacity: Self.promptTokens)
            let pass = InferencePass(decoder: fresh, cache: cache, packed: packed)
            return GreedyReader(pass: pass, decoder: fresh).next(
                after: someTokens(Self.promptTokens))
        }
        return ["seconds": .number(seconds), "token": .integer(Int(token))]
    }

    /// The model as a Hugging Face folder, synced.
    func checkpoint(_ command: Command) throws -> JSONObject {
        let folder = URL(filePath: try command.text("folder"))
        let (files, seconds) = try timed {
            try ModelWriter.write(weights: decoder.weights, description: model, to: folder)
        }
        return [
            "seconds": .number(seconds), "bytes": .integer(files.reduce(0) { $0 + $1.bytes }),
        ]
    }

    /// The yardstick: a large square product.
    func sgemm() -> JSONObject {
        let probe = SpeedProbe(pool: pool, clock: MonotonicClock())
        let speed = probe.matrixProduct(size: 4096, seconds: 1)
        return ["gflops": .number((speed ?? 0) / 1e9)]
    }

    private func makePass(capacity: Int) -> InferencePass {
        InferencePass(
            decoder: decoder,
            cache: KeyValueCache(
                configuration: decoder.configuration, slots: 1, capacity: capacity))
    }

    /// The beginning of the first prompts, one after the other.
    private func someTokens(_ count: Int) -> [Int32] {
        let tokens = inputs.prompts.joined()
        return Array(tokens.prefix(count))
            + [Int32](repeating: 0, count: max(0, count - tokens.count))
    }
}

/// Appends tokens to one slot and names the likeliest next one.
private struct GreedyReader {
    private let pass: InferencePass
    private let sampler: Sampler
    private let scratch: FloatBuffer

    init(pass: InferencePass, decoder: Decoder) {
        var options = SamplingOptions()
        options.useGreedy = true
        let vocabulary = decoder.configuration.vocabularySize
        self.pass = pass
        sampler = Sampler(options, minLength: 0, stopTokens: [], vocabularySize: vocabulary)
        scratch = FloatBuffer(count: vocabulary)
    }

    func next(after tokens: [Int32]) -> Int32 {
        pass.extend([.init(slot: 0, tokens: tokens)], readable: [tokens.count - 1])
        guard let logits = pass.logits(of: [tokens.count - 1]).baseAddress else { return 0 }
        return sampler.draw(
            logits, position: 0, seen: [], random: CounterRandom(seed: 0, stream: (0, 0, 0)),
            scratch: scratch.pointer
        ).token
    }
}
