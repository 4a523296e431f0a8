import Foundation
import ModelFiles
import SelfPlay
import SpinDomain
import Tensors
import Testing
import Transformer

/// How far each iteration took its policy, as its record has it.
@Suite struct MeasuredKLTests {
    /// Sums of up to 7 terms, in two orders of products.
    private static let tolerance = 1e-5

    private func decoder(_ path: String) throws -> Decoder {
        let pool = WorkerPool(width: 1)
        let weights = ParameterArena(ParameterLayout(TinyModel.configuration))
        try ModelReader.load(URL(filePath: path), into: weights, pool: pool)
        return Decoder(configuration: TinyModel.configuration, weights: weights, pool: pool)
    }

    /// One response at a time, without any packing of pairs.
    private func sum(
        _ policy: Decoder, _ reference: Decoder, _ prompt: [Int32], _ response: [Int32]
    ) -> Double {
        var rows = PackedRows()
        rows.append(prompt + response)
        let scored = response.indices.map { prompt.count - 1 + $0 }
        return DivergencePass(policy: policy, reference: reference)
            .divergences(rows, after: scored).reduce(0, +)
    }

    @Test func recordsHoldTheKLOfEachIterationAgainstItsOwnReference() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.spin.klPairs = 1000
        arena.configuration.spin.logProbForwardMicroBatchSize = 3
        let game = try arena.play()
        let models = [arena.modelPath] + game.checkpoints.map(\.path)
        for (record, paths) in zip(game.iterations, zip(models, models.dropFirst())) {
            let (reference, policy) = (try decoder(paths.0), try decoder(paths.1))
            let samples = game.samples.filter { $0.iteration == record.iteration }
            let kl = try #require(record.measuredKL)
            #expect(kl.pairs == 8)
            for (found, response) in [
                (kl.actual, \RolloutSample.actualIDs), (kl.generated, \.generatedIDs),
            ] {
                let expected = MeasuredKL.Estimate(
                    of: samples.map { sum(policy, reference, $0.promptIDs, $0[keyPath: response]) })
                #expect(abs(found.mean - expected.mean) < Self.tolerance)
                let errors = (found.standardError ?? 0, expected.standardError ?? 1)
                #expect(abs(errors.0 - errors.1) < Self.tolerance)
                #expect(found.mean > 10 * Self.tolerance)
            }
        }
    }

    @Test func aMeanHasItsStandardError() {
        let estimate = MeasuredKL.Estimate(of: [1, 2, 6])
        // Deviations −2, −1, 3: variance 14/2, of the mean 7/3.
        #expect(estimate.mean == 3)
        #expect(abs((estimate.standardError ?? 0) - (7.0 / 3).squareRoot()) < 1e-15)
        #expect(MeasuredKL.Estimate(of: [4]) == .init(mean: 4, standardError: nil))
    }

    @Test func pairsLieEvenlyAmongTheIterationsOwn() {
        let rows = (0..<10).map { DataRow(prompt: [1], response: [Int32($0)]) }
        let table = PairTable(rows)
        #expect(table.spread(4, below: 10).map(\.actual) == [[0], [2], [5], [7]])
        #expect(table.spread(4, below: 3).map(\.actual) == [[0], [1], [2]])
        #expect(table.spread(0, below: 10).isEmpty)
    }

    @Test func nothingIsMeasuredWhereNobodyAsks() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.spin.klPairs = 0
        #expect(try arena.play().iterations.allSatisfy { $0.measuredKL == nil })
    }

    @Test func measuringChangesNoBitOfTheGame() throws {
        let games = try [0, 16].map { pairs in
            let arena = try Arena(rows: 8)
            arena.configuration.spin.klPairs = pairs
            return try arena.play()
        }
        #expect(games[0].steps.map(\.loss) == games[1].steps.map(\.loss))
        let weights = games.map { game in
            game.checkpoints.map { $0.files.first { $0.name == "model.safetensors" }?.sha256 }
        }
        #expect(weights[0] == weights[1])
    }

    @Test func aReferenceThatHasGoneIsAWarning() throws {
        let arena = try Arena(rows: 8)
        arena.configuration.spin.maxIterations = 1
        let game = try arena.play { event, _ in
            guard case .stepFinished(let metrics) = event, metrics.step == 0 else { return }
            try FileManager.default.removeItem(atPath: arena.modelPath + "/model.safetensors")
        }
        #expect(game.outcome == .finished)
        #expect(game.iterations.last?.measuredKL == nil)
        #expect(game.warnings.count == 1 && game.warnings[0].contains("was not measured"))
    }
}
