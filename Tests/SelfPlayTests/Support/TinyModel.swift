import Foundation
import ModelFiles
import SpinDomain
import Tensors
import Transformer

/// Random models that are small enough to train hundreds of steps in a test.
enum TinyModel {
    static let configuration = makeConfiguration(vocabularySize: 40)

    static func makeConfiguration(vocabularySize: Int) -> DecoderConfiguration {
        DecoderConfiguration(
            vocabularySize: vocabularySize, contextLength: 64, channels: 16, layers: 2, heads: 2,
            keyValueHeads: 1, headSize: 8, feedForwardChannels: 24, norm: .rootMeanSquare,
            normEpsilon: 1e-5, position: .rotary(.init(base: 10_000, rotatedChannels: 8)),
            feedForward: .gated(.silu), tiedEmbeddings: true)
    }

    static let stopToken: Int32 = 2

    /// Normal weights, norms around one: logits differ enough for sampling to have something to do.
    static func makeWeights(
        seed: UInt64 = 7, scale: Float = 0.25, vocabularySize: Int = 40
    ) -> ParameterArena {
        let configuration = makeConfiguration(vocabularySize: vocabularySize)
        let weights = ParameterArena(ParameterLayout(configuration))
        let random = CounterRandom(seed: seed, stream: (0, 0, 0))
        for entry in weights.layout.entries {
            let isNorm = entry.shape.count == 1
            for index in entry.offset..<entry.offset + entry.count {
                let normal = Float(random.normal(at: UInt32(index)))
                weights.buffer.pointer[index] = isNorm ? 1 + 0.1 * normal : scale * normal
            }
        }
        return weights
    }

    static func makeDecoder(threads: Int = 1, seed: UInt64 = 7) -> Decoder {
        Decoder(
            configuration: configuration, weights: makeWeights(seed: seed),
            pool: WorkerPool(width: threads))
    }

    /// Writes a Hugging Face folder without a tokenizer.
    static func write(
        to folder: URL, seed: UInt64 = 7, vocabularySize: Int = 40, endToken: Int = 2,
        contextLength: Int = 64
    ) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let json: JSONValue = [
            "architectures": ["LlamaForCausalLM"], "model_type": "llama",
            "vocab_size": .integer(vocabularySize),
            "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
            "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8,
            "max_position_embeddings": .integer(contextLength), "rms_norm_eps": 1e-5,
            "rope_theta": 10000.0,
            "hidden_act": "silu", "tie_word_embeddings": true, "bos_token_id": 1,
            "eos_token_id": .integer(endToken), "torch_dtype": "float32",
        ]
        try Data(json.indentedText.utf8).write(to: folder.appending(path: "config.json"))
        _ = try ArenaFile.write(
            [("", makeWeights(seed: seed, vocabularySize: vocabularySize))], family: .llama,
            to: folder.appending(path: "model.safetensors"))
    }
}

/// Rows of random tokens.
enum TinyData {
    /// Prompts of 1 to 7 tokens, responses of 1 to 6, most of them with the stop token.
    static func rows(_ count: Int, seed: UInt64 = 3) -> [(prompt: [Int32], response: [Int32])] {
        let random = CounterRandom(seed: seed, stream: (1, 0, 0))
        var position: UInt32 = 0
        func next(_ bound: Int) -> Int {
            position += 1
            return Int(random.uniform(at: position) * Double(bound))
        }
        func tokens(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32(3 + next(37)) } }
        return (0..<count).map { index in
            let prompt = [1] + tokens(next(7))
            let body = tokens(next(6))
            let stops = index % 5 != 4 || body.isEmpty
            return (prompt, stops ? body + [TinyModel.stopToken] : body)
        }
    }

    static func write(
        _ rows: [(prompt: [Int32], response: [Int32])], to url: URL
    ) throws {
        let lines = rows.map { row in
            let object: JSONValue = [
                "prompt_ids": JSONValue(row.prompt), "response_ids": JSONValue(row.response),
            ]
            return object.text + "\n"
        }
        try Data(lines.joined().utf8).write(to: url)
    }
}

/// A folder that is gone when the value is.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "selfplay-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }
}

/// A clock that moves on by a fixed time at every look.
final class SteppingClock: Clock, @unchecked Sendable {
    // Sendable: runs look at it from one thread only.
    private var microseconds = 0
    private let step: Int

    init(stepSeconds: Double = 0.001) {
        step = Int(stepSeconds * 1e6)
    }

    func now() -> Timestamp {
        microseconds += step
        return Timestamp(microseconds: microseconds)
    }
}
