import Foundation
import Tensors
import Testing
import Transformer

/// Against PyTorch's numbers (see README.md beside them).
@Suite(
    .enabled(
        if: GoldenModel.isPresent, "no golden folder: set SPIND_SHARED to the folder that has it"))
struct GoldenTests {
    /// The golden README's tolerance: ten times |float32 − float64| of PyTorch itself, or `relative`.
    static let slack = 10.0
    /// Part of the tensor's largest number.
    static let relative = 2e-5

    @Test(arguments: GoldenModel.names)
    func logitsAreThoseOfPyTorch(_ name: String) throws {
        let model = try GoldenModel(name)
        let game = try #require(Game(model))
        let logits = try #require(model.golden["logits"] as? [String: Any])
        let rows = try #require(logits["rows"] as? [Int])
        let expected = try #require(logits["f32"] as? [[Double]])
        let noise = try #require(logits["max_abs_diff_all_sequences"] as? Double)

        let decoder = Decoder(
            configuration: model.configuration, weights: model.weights, pool: WorkerPool(width: 2))
        let cache = KeyValueCache(
            configuration: model.configuration, slots: 1,
            capacity: model.configuration.contextLength)
        let pass = InferencePass(decoder: decoder, cache: cache)
        pass.extend([.init(slot: 0, tokens: game.pairs[0].prompt + game.pairs[0].actual)])
        let found = pass.logits(of: rows).map(Double.init)
        expectClose(found, expected.flatMap { $0 }, noise: noise, "logits")
    }

    @Test(arguments: GoldenModel.names)
    func tokenLogProbabilitiesAreThoseOfPyTorch(_ name: String) throws {
        let model = try GoldenModel(name)
        let game = try #require(Game(model))
        let found = game.forward().map(Double.init)
        let expected = try #require(model.golden["ref_token_logps"] as? [String: [[String: Any]]])
        var wanted: [Double] = []
        var noise = 0.0
        for pair in game.pairs.indices {
            for response in ["actual", "generated"] {
                let entry = try #require(expected[response]?[pair])
                let exact = try #require(entry["f64"] as? [Double])
                let rounded = try #require(entry["f32"] as? [Double])
                noise = max(noise, zip(exact, rounded).map { abs($0 - $1) }.max() ?? 0)
                wanted += exact
            }
        }
        expectClose(found, wanted, noise: noise, "token log-probabilities")
    }

    @Test(arguments: GoldenModel.names)
    func threeStepsOfSelfPlayAreThoseOfPyTorch(_ name: String) throws {
        let model = try GoldenModel(name)
        let game = try #require(Game(model))
        let steps = try #require(model.golden["train"] as? [[String: Any]])
        for (index, step) in steps.enumerated() {
            let loss = game.step()
            let expected = try #require((step["loss"] as? [String: Double])?["f64"])
            // β times some thirty log-probabilities, each good to about 1e-5.
            #expect(abs(loss - expected) < 1e-5 * max(1, expected), "loss of step \(index)")
            guard let gradients = step["grads"] as? [String: [String: Any]] else { continue }
            for (tensor, wanted) in gradients {
                try compare(game.gradient(tensor), wanted, "\(tensor) at step \(index)")
            }
            game.update(AdamSettings(model.golden))
        }
        for tensor in try model.finalTensors() {
            let entry = try #require(
                (model.golden["final_params"] as? [String: [String: Any]])?[tensor.name])
            let noise = try #require(entry["max_abs_diff"] as? Double)
            let found = model.places(tensor.name).map { Double(model.weights.buffer.pointer[$0]) }
            expectClose(found, tensor.values.map(Double.init), noise: noise, tensor.name)
        }
    }

    private func compare(_ found: [Double], _ wanted: [String: Any], _ what: String) throws {
        let noise = try #require(wanted["max_abs_diff"] as? Double)
        let norm = try #require(wanted["norm_f64"] as? Double)
        let size = found.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let normNoise = abs(norm - (wanted["norm_f32"] as? Double ?? norm))
        #expect(
            abs(size - norm) <= max(Self.slack * normNoise, Self.relative * norm),
            "norm of \(what): \(size), not \(norm)")
        guard let places = wanted["index"] as? [Int], let values = wanted["f64"] as? [Double]
        else { return }
        #expect(!found.isEmpty, "\(what) is unknown")
        let largest = found.map(abs).max() ?? 0
        for (place, value) in zip(places, values) {
            #expect(
                abs(found[place] - value) <= max(Self.slack * noise, Self.relative * largest),
                "\(what)[\(place)]: \(found[place]), not \(value)")
        }
    }

    private func expectClose(
        _ found: [Double], _ expected: [Double], noise: Double, _ what: String
    ) {
        #expect(found.count == expected.count, "\(what): as many numbers")
        let largest = expected.map(abs).max() ?? 0
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(
            worst <= max(Self.slack * noise, Self.relative * largest),
            "\(what): off by \(worst), PyTorch's own noise \(noise)")
    }
}

struct AdamSettings {
    let rate, beta1, beta2, epsilon, decay: Double

    init(_ golden: [String: Any]) {
        let optimizer = golden["optimizer"] as? [String: Any] ?? [:]
        func number(_ key: String) -> Double { optimizer[key] as? Double ?? 0 }
        let betas = optimizer["betas"] as? [Double] ?? [0, 0]
        rate = number("lr")
        (beta1, beta2) = (betas[0], betas[1])
        epsilon = number("eps")
        decay = number("weight_decay")
    }
}

/// The golden script's training loop, with all four pairs in one micro-batch.
private final class Game {
    struct Pair {
        let prompt, actual, generated: [Int32]
    }

    let pairs: [Pair]
    private let model: GoldenModel
    private let beta: Double
    private let batch: Batch
    private let gradients: ParameterArena
    private let pass: TrainingPass
    private var reference: [Double]?
    private var moments: [(first: Double, second: Double)]
    private var steps = 0

    init?(_ model: GoldenModel) {
        guard let beta = model.golden["beta"] as? Double,
            let pairs = model.golden["pairs"] as? [[String: [Int]]]
        else { return nil }
        self.pairs = pairs.map { pair in
            func tokens(_ key: String) -> [Int32] { (pair[key] ?? []).map(Int32.init) }
            return Pair(
                prompt: tokens("prompt"), actual: tokens("actual"), generated: tokens("generated"))
        }
        self.model = model
        self.beta = beta
        batch = Batch(
            self.pairs.map { .init(prompt: $0.prompt, responses: [$0.actual, $0.generated]) })
        gradients = ParameterArena(model.weights.layout)
        let decoder = Decoder(
            configuration: model.configuration, weights: model.weights, pool: WorkerPool(width: 2))
        pass = TrainingPass(decoder: decoder, gradients: gradients)
        moments = Array(repeating: (0, 0), count: model.weights.buffer.count)
    }

    func forward() -> [Float] { pass.forward(batch.rows, targets: batch.targets) }

    /// Loss before the step; the gradients are left in place.
    func step() -> Double {
        let logs = forward()
        // Sums over responses: actual, generated, actual, …
        var sums: [Double] = []
        var next = logs.startIndex
        for pair in pairs {
            for response in [pair.actual, pair.generated] {
                sums.append(logs[next..<next + response.count].reduce(0) { $0 + Double($1) })
                next += response.count
            }
        }
        let start = reference ?? sums
        reference = start
        var loss = 0.0
        var weights: [Float] = []
        for (index, pair) in pairs.enumerated() {
            let margin =
                (sums[2 * index] - start[2 * index]) - (sums[2 * index + 1] - start[2 * index + 1])
            loss += log1p(exp(-beta * margin)) / Double(pairs.count)
            let slope = beta / (1 + exp(beta * margin)) / Double(pairs.count)
            weights += pair.actual.map { _ in Float(-slope) }
            weights += pair.generated.map { _ in Float(slope) }
        }
        gradients.buffer.zero()
        pass.backward(weights: weights)
        return loss
    }

    func gradient(_ tensor: String) -> [Double] {
        model.places(tensor).map { Double(gradients.buffer.pointer[$0]) }
    }

    /// Decoupled AdamW with bias correction.
    func update(_ settings: AdamSettings) {
        steps += 1
        let firstCorrection = 1 - pow(settings.beta1, Double(steps))
        let secondCorrection = 1 - pow(settings.beta2, Double(steps))
        for entry in model.weights.layout.entries {
            for place in entry.offset..<entry.offset + entry.count {
                let gradient = Double(gradients.buffer.pointer[place])
                var (first, second) = moments[place]
                first += (1 - settings.beta1) * (gradient - first)
                second += (1 - settings.beta2) * (gradient * gradient - second)
                moments[place] = (first, second)
                let deviation = (second / secondCorrection).squareRoot() + settings.epsilon
                let old = Double(model.weights.buffer.pointer[place])
                model.weights.buffer.pointer[place] = Float(
                    old * (1 - settings.rate * settings.decay)
                        - settings.rate * first / firstCorrection / deviation)
            }
        }
    }
}
