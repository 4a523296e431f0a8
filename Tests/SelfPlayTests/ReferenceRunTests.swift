import Foundation
import SelfPlay
import SpinDomain
import Testing

/// Whole runs against plain PyTorch: `Fixtures/make_spin_reference.py` made the expected numbers.
@Suite struct ReferenceRunTests {
    /// Float32 in two implementations over six optimizer steps, relative to the larger of value and 1.
    private static let tolerance = 1e-3

    private func fixture(_ name: String) throws -> URL {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return folder.appending(path: name)
    }

    private func configure(
        _ configuration: inout JobConfiguration, _ settings: JSONValue, rows: Int
    ) throws {
        configuration.spin.maxIterations = try #require(settings["iterations"]?.integer)
        configuration.spin.maxEpochs = try #require(settings["epochs"]?.integer)
        configuration.spin.refPolicyKLPenalty = .constant(
            try #require(settings["kl_penalty"]?.double))
        configuration.spin.loss = try #require(
            SpinOptions.Loss(rawValue: settings["loss"]?.string ?? ""))
        configuration.spin.maskMode = try #require(
            SpinOptions.MaskMode(rawValue: settings["mask_mode"]?.string ?? ""))
        configuration.spin.sftLossWeight = try #require(settings["sft_loss_weight"]?.double)
        configuration.spin.lengthParams.maxLength = try #require(settings["max_length"]?.integer)
        configuration.spin.lengthParams.minLength = try #require(settings["min_length"]?.integer)
        configuration.spin.samplingParams.useGreedy = true
        configuration.train.globalBatchSize = rows
        configuration.train.microBatchSize = 2
        configuration.train.gradientClipVal = settings["clip"]?.double
        try configure(&configuration.optim, #require(settings["optimizer"]))
    }

    private func configure(
        _ optim: inout OptimizerOptions, _ settings: JSONValue
    ) throws {
        optim.name = try #require(
            OptimizerOptions.Name(rawValue: settings["name"]?.string ?? ""))
        optim.learningRate = .constant(try #require(settings["lr"]?.double))
        optim.eps = try #require(settings["eps"]?.double)
        optim.weightDecay = try #require(settings["weight_decay"]?.double)
        optim.alpha = settings["alpha"]?.double ?? optim.alpha
        if let betas = settings["betas"]?.array?.compactMap(\.double) {
            optim.betas = (betas[0], betas[1])
        }
        optim.sched.name = .constant
        optim.sched.warmupRatio = 0
    }

    @Test(arguments: [
        "adamw_sigmoid_exact", "rmsprop_hinge_nemo_sft", "adamw_sigmoid_sft_unclipped",
    ])
    func wholeRunsAgreeWithPlainPyTorch(name: String) throws {
        let expected = try JSONParser.parse(
            [UInt8](Data(contentsOf: fixture(name + ".json"))))
        let arena = try Arena()
        arena.modelPath = try fixture("model").path(percentEncoded: false)
        arena.datasetPath = try fixture("pairs.jsonl").path(percentEncoded: false)
        arena.validationPath = arena.datasetPath
        let iterations = try #require(expected["iterations"]?.array)
        let rows = try #require(iterations[0]["pairs"]?.array).count
        try configure(&arena.configuration, #require(expected["settings"]), rows: rows)
        let game = try arena.play()

        var step = 0
        for (index, iteration) in iterations.enumerated() {
            try compare(
                game.samples.filter { $0.iteration == index },
                #require(iteration["pairs"]?.array))
            for metrics in try #require(iteration["steps"]?.array) {
                try compare(game.steps[step], metrics)
                step += 1
            }
            let loss = try #require(iteration["validation_loss"]?.double)
            #expect(isClose(game.iterations[index].validationLoss ?? .nan, loss))
        }
        #expect(step == game.steps.count)
    }

    private func isClose(_ found: Double, _ expected: Double) -> Bool {
        abs(found - expected) <= Self.tolerance * max(1, abs(expected))
    }

    private func compare(_ found: StepMetrics, _ expected: JSONValue) throws {
        for (name, value) in try #require(expected.object).members {
            let expected = try #require(value.double)
            let found = try #require(found.value(name))
            #expect(isClose(found, expected), "\(name): \(found) instead of \(expected)")
        }
    }

    private func compare(
        _ samples: [RolloutSample], _ pairs: [JSONValue]
    ) throws {
        #expect(samples.count == pairs.count)
        for (sample, pair) in zip(samples, pairs) {
            let generated = pair["generated"]?.array?.compactMap(\.integer)
            #expect(sample.generatedIDs.map(Int.init) == generated)
            #expect(sample.stopReason.rawValue == pair["stop_reason"]?.string)
            let actual = try #require(pair["reference_actual"]?.double)
            #expect(isClose(sample.referenceLogpActual, actual))
            let other = try #require(pair["reference_generated"]?.double)
            #expect(isClose(sample.referenceLogpGenerated, other))
        }
    }
}
