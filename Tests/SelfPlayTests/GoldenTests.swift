import Foundation
import ModelFiles
import SelfPlay
import SpinDomain
import Tensors
import Testing
import Transformer

/// SPIN steps of three model families against an independent implementation's float32 and float64
/// numbers, where the folder of golden values is there.
@Suite struct GoldenTests {
    /// The golden values' own rule: 10 × |float32 − float64|, or this, relative to the larger of
    /// value and 1.
    private static let relativeTolerance = 1e-4

    private static let folder: URL? = {
        let path = ProcessInfo.processInfo.environment["SPIND_SHARED"] ?? "../shared"
        let url = URL(filePath: path).appending(path: "golden")
        return FileManager.default.fileExists(atPath: url.path(percentEncoded: false)) ? url : nil
    }()

    private func number(_ json: JSONValue?, _ kind: String) throws -> Double {
        try #require(json?[kind]?.double)
    }

    private func isClose(_ found: Double, _ json: JSONValue?) throws -> Bool {
        let exact = try number(json, "f64")
        let noise = abs(try number(json, "f32") - exact)
        return abs(found - exact)
            <= max(10 * noise, Self.relativeTolerance * max(1, abs(exact)))
    }

    private func ids(_ json: JSONValue?) throws -> [Int32] {
        try #require(json?.array).map { Int32(try #require($0.integer)) }
    }

    private func pairs(_ golden: JSONValue) throws -> [TrainingPair] {
        let first = try #require(golden["train"]?.array?.first)
        let logps = try ["logp_actual", "logp_generated"].map {
            try #require(first[$0]?["f64"]?.array).compactMap(\.double)
        }
        return try #require(golden["pairs"]?.array).enumerated().map { index, pair in
            TrainingPair(
                RolloutSample(
                    iteration: 0, index: index, epoch: 0, sourceIteration: 0, row: index,
                    promptIDs: try ids(pair["prompt"]), actualIDs: try ids(pair["actual"]),
                    generatedIDs: try ids(pair["generated"]), referenceLogpActual: logps[0][index],
                    referenceLogpGenerated: logps[1][index], stopReason: .stopToken),
                truncated: .keep)
        }
    }

    private func optimizer(
        _ golden: JSONValue, _ decoder: Decoder
    ) throws -> (Optimizer, learningRate: Double) {
        let settings = try #require(golden["optimizer"])
        var options = OptimizerOptions()
        let betas = try #require(settings["betas"]?.array).compactMap(\.double)
        options.betas = (betas[0], betas[1])
        options.eps = try #require(settings["eps"]?.double)
        options.weightDecay = try #require(settings["weight_decay"]?.double)
        return (
            Optimizer(options, layout: decoder.weights.layout, pool: decoder.pool),
            try #require(settings["lr"]?.double)
        )
    }

    @Test(arguments: ["llama", "gpt2", "qwen2"])
    func stepsAgreeWithGoldenNumbers(family: String) throws {
        guard let folder = Self.folder?.appending(path: family) else {
            print("GoldenTests skipped: no golden values in SPIND_SHARED or ../shared")
            return
        }
        let golden = try JSONParser.parse(
            [UInt8](Data(contentsOf: folder.appending(path: "golden.json"))))
        let pool = WorkerPool(width: 2)
        let (description, weights) = try ModelReader.load(folder, pool: pool)
        let decoder = Decoder(
            configuration: description.configuration, weights: weights, pool: pool)
        let (optimizer, rate) = try optimizer(golden, decoder)
        var options = TrainOptions()
        options.gradientClipVal = nil
        options.microBatchSize = 3
        let trainer = Trainer(decoder: decoder, optimizer: optimizer, options: options)
        let klPenalty = try #require(golden["beta"]?.double)
        let spin = SpinLoss(.sigmoid, klPenalty: klPenalty)
        let objective = Objective(spin: spin, sftWeight: 0, maskMode: .exact)
        let pairs = try pairs(golden)

        for (step, expected) in try #require(golden["train"]?.array).enumerated() {
            let result = try trainer.step(
                .init(step: step, pairs: pairs, learningRate: rate, isReference: false), objective)
            let losses = result.outcomes.map { spin.value(margin: $0.margin) }
            #expect(try isClose(losses.reduce(0, +) / Double(losses.count), expected["loss"]))
            let margins = try #require(expected["margin"]?["f64"]?.array).compactMap(\.double)
            for (outcome, margin) in zip(result.outcomes, margins) {
                #expect(abs(outcome.margin - margin) < Self.relativeTolerance * max(1, abs(margin)))
            }
            if expected["grad_norm_total"] != nil {
                #expect(try isClose(result.gradientNorm, expected["grad_norm_total"]))
            }
        }
    }
}
