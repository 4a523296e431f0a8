import Foundation
import SelfPlay
import SpinDomain
import Tensors
import Testing
import Transformer

@Suite struct RolloutTests {
    /// Sums of at most 20 float32 log-probabilities from kernels that add in different orders.
    private static let tolerance = 1e-4

    private func options(slots: Int = 3, _ change: (inout SpinOptions) -> Void = { _ in })
        -> SpinOptions
    {
        var options = SpinOptions()
        options.rolloutMicroBatchSize = slots
        options.logProbForwardMicroBatchSize = 2
        change(&options)
        return options
    }

    private func requests(_ count: Int, budget: Int = 10) -> [RolloutRequest] {
        TinyData.rows(count).enumerated().map { index, row in
            RolloutRequest(
                prompt: row.prompt, actual: row.response, budget: budget,
                random: CounterRandom(seed: 77, stream: (0, 0, UInt32(index))))
        }
    }

    private func answer(
        _ requests: [RolloutRequest], _ options: SpinOptions, threads: Int = 1,
        decoder: Decoder? = nil
    ) throws -> [RolloutAnswer] {
        let rollout = Rollout(
            decoder: decoder ?? TinyModel.makeDecoder(threads: threads),
            rules: RolloutRules(
                stopTokens: [TinyModel.stopToken], endStrings: nil, maskMode: options.maskMode),
            options: options, capacity: 24)
        return try rollout.answer(requests, betweenSteps: {})
    }

    /// The whole sequence anew for every token.
    private func naiveGreedy(_ pass: TrainingPass, _ request: RolloutRequest, minLength: Int)
        -> [Int32]
    {
        var generated: [Int32] = []
        while generated.count < request.budget {
            let tokens = request.prompt + generated
            var rows = PackedRows()
            rows.append(tokens)
            let all = (0..<Int32(TinyModel.configuration.vocabularySize)).map {
                ScoredTarget(row: tokens.count - 1, token: $0)
            }
            var logps = pass.score(rows, targets: all)
            if generated.count < minLength { logps[Int(TinyModel.stopToken)] = -.infinity }
            let best = logps.indices.max { (logps[$0], $1) < (logps[$1], $0) } ?? 0
            generated.append(Int32(best))
            if Int32(best) == TinyModel.stopToken { break }
        }
        return generated
    }

    @Test func greedyRolloutsAreThoseOfTheNaiveLoop() throws {
        let options = options {
            $0.samplingParams.useGreedy = true
            $0.lengthParams.minLength = 2
        }
        let pass = TrainingPass(decoder: TinyModel.makeDecoder(), gradients: nil)
        let requests = requests(9)
        let answers = try answer(requests, options)
        for (request, answer) in zip(requests, answers) {
            #expect(answer.generated == naiveGreedy(pass, request, minLength: 2))
        }
    }

    @Test(arguments: [SpinOptions.MaskMode.exact, .nemo])
    func storedLogProbabilitiesAreThoseOfTheTrainingKernels(mode: SpinOptions.MaskMode) throws {
        let requests = requests(12)
        let decoder = TinyModel.makeDecoder()
        let answers = try answer(requests, options { $0.maskMode = mode })
        let pairs = zip(requests, answers).map { request, answer in
            TrainingPair(
                RolloutSample(
                    iteration: 0, index: 0, epoch: 0, sourceIteration: 0, row: 0,
                    promptIDs: request.prompt, actualIDs: request.actual,
                    generatedIDs: answer.generated, referenceLogpActual: answer.logpActual,
                    referenceLogpGenerated: answer.logpGenerated, stopReason: answer.stopReason),
                truncated: .keep)
        }
        let scorer = ResponseScorer(decoder: decoder, maskMode: mode, pairsAtOnce: 5)
        let sums = try scorer.sums(pairs, betweenBatches: {})
        for (pair, sums) in zip(pairs, sums) {
            #expect(pair.referenceDifference(sums) < Self.tolerance)
        }
    }

    @Test func textDoesNotDependOnSlotsOrThreads() throws {
        let requests = requests(20)
        let expected = try answer(requests, options(slots: 1)).map(\.generated)
        #expect(Set(expected).count > 10)
        for slots in [2, 7, 20] {
            #expect(try answer(requests, options(slots: slots)).map(\.generated) == expected)
        }
        let threaded = try answer(requests, options(slots: 7), threads: 2).map(\.generated)
        #expect(threaded == expected)
    }

    @Test func aWaveGivesTheSameBitsWhateverRanBefore() throws {
        let decoder = TinyModel.makeDecoder()
        let requests = requests(14)
        let options = options()
        let rollout = Rollout(
            decoder: decoder,
            rules: RolloutRules(
                stopTokens: [TinyModel.stopToken], endStrings: nil, maskMode: .exact),
            options: options, capacity: 24)
        _ = try rollout.answer(Array(requests[..<6]), betweenSteps: {})
        let after = try rollout.answer(Array(requests[6...]), betweenSteps: {})
        let alone = try answer(Array(requests[6...]), options, decoder: decoder)
        #expect(after.map(\.generated) == alone.map(\.generated))
        #expect(after.map(\.logpGenerated) == alone.map(\.logpGenerated))
        #expect(after.map(\.logpActual) == alone.map(\.logpActual))
    }

    @Test(arguments: [SpinOptions.MaskMode.exact, .nemo])
    func promptsThatBeginAlikeAreAnsweredAsEachAlone(mode: SpinOptions.MaskMode) throws {
        let decoder = TinyModel.makeDecoder()
        let beginning: [Int32] = [1, 3, 5, 4, 2, 6, 3, 4, 5, 7]
        let requests = requests(12, budget: 5).map {
            RolloutRequest(
                prompt: beginning + $0.prompt, actual: Array($0.actual.prefix(5)), budget: 5,
                random: $0.random)
        }
        let options = options(slots: 3) { $0.maskMode = mode }
        let together = try answer(requests, options, decoder: decoder)
        for (request, answer) in zip(requests, together) {
            let alone = try self.answer([request], options, decoder: decoder)[0]
            #expect(answer.generated == alone.generated)
            #expect(abs(answer.logpActual - alone.logpActual) < Self.tolerance)
            #expect(abs(answer.logpGenerated - alone.logpGenerated) < Self.tolerance)
        }
    }

    @Test func responsesEndAtTheStopTokenOrAtTheirBudget() throws {
        let answers = try answer(requests(40, budget: 9), options(slots: 8))
        for answer in answers {
            switch answer.stopReason {
            case .stopToken:
                #expect(answer.generated.last == TinyModel.stopToken)
                #expect(answer.generated.count { $0 == TinyModel.stopToken } == 1)
            case .length: #expect(answer.generated.count == 9)
            case .endString: Issue.record("there are no end strings")
            }
        }
        #expect(Set(answers.map(\.stopReason)) == [.stopToken, .length])
    }

    @Test func whatIsThrownBetweenStepsEndsTheWave() throws {
        struct Enough: Error {}
        let rollout = Rollout(
            decoder: TinyModel.makeDecoder(),
            rules: RolloutRules(stopTokens: [], endStrings: nil, maskMode: .exact),
            options: options(), capacity: 24)
        var calls = 0
        #expect(throws: Enough.self) {
            try rollout.answer(requests(9)) {
                calls += 1
                if calls == 4 { throw Enough() }
            }
        }
        // And the next wave starts from empty slots.
        #expect(try rollout.answer(requests(9), betweenSteps: {}).count == 9)
    }

    @Test func logitsThatAreNotFiniteEndTheRun() throws {
        let decoder = TinyModel.makeDecoder()
        let norm = try #require(decoder.weights.layout[.finalNormWeight])
        decoder.weights.buffer.pointer[norm.offset] = .infinity
        let error = #expect(throws: SpinError.self) {
            _ = try answer(requests(3), options(), decoder: decoder)
        }
        #expect(error?.code == .diverged)
    }
}
