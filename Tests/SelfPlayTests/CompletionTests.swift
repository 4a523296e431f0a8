import Foundation
import SelfPlay
import SpinDomain
import TextData
import Testing
import Transformer

@Suite struct CompletionTests {
    /// Float32 sums in another order than the reference's, or float32 against float64.
    private static let tolerance = 1e-4

    private static let fixtures = Bundle.module.resourceURL?.appending(path: "Fixtures")

    private func fixture() throws -> (model: String, expected: JSONValue) {
        let folder = try #require(Self.fixtures)
        let json = try Data(contentsOf: folder.appending(path: "completions.json"))
        return (
            folder.appending(path: "model").path(percentEncoded: false),
            try JSONParser.parse([UInt8](json))
        )
    }

    private func ids(_ json: JSONValue?) throws -> [Int32] {
        try #require(json?.array).map { Int32(try #require($0.integer)) }
    }

    @Test func greedyTokensAreThoseOfTransformers() throws {
        let (model, expected) = try fixture()
        let writer = try Writer()
        let length = try #require(expected["max_tokens"]?.integer)
        let cases = try #require(expected["greedy"]?.array)
        #expect(cases.count == 12)
        for text in cases {
            var sampling = SamplingOptions()
            sampling.useGreedy = true
            sampling.repetitionPenalty = try #require(text["penalty"]?.double)
            let written = try writer.write(
                TextRequest(
                    modelPath: model, prompt: .tokens(try ids(text["prompt"])),
                    length: .exactly(length), sampling: sampling))
            let tokens = try ids(text["tokens"])
            #expect(written.ids() == tokens)
        }
    }

    @Test func echoedLogProbabilitiesAreThoseOfTransformers() throws {
        let (model, expected) = try fixture()
        let writer = try Writer()
        for text in try #require(expected["logps"]?.array) {
            let prompt = try ids(text["prompt"])
            let written = try writer.write(
                TextRequest(
                    modelPath: model, prompt: .tokens(prompt), length: .exactly(0),
                    logProbabilities: 3, echoes: true))
            #expect(written.ids() == prompt && written.endings == [0: .length])
            #expect(written.usage == TextUsage(promptTokens: prompt.count, completionTokens: 0))
            #expect(written.tokens().first?.logProbability == nil)
            let scores = try #require(text["tokens"]?.array)
            try #require(scores.count == prompt.count - 1)
            for (token, score) in zip(written.tokens().dropFirst(), scores) {
                let logp = try #require(token.logProbability)
                let wantedLogp = try #require(score["logp"]?.double)
                #expect(abs(logp - wantedLogp) < Self.tolerance)
                let likeliest = try ids(score["likeliest"])
                #expect(token.likeliest.map(\.id) == likeliest)
                for (found, wanted) in zip(token.likeliest, score["logps"]?.array ?? []) {
                    let wantedLogp = try #require(wanted.double)
                    #expect(abs(found.logProbability - wantedLogp) < Self.tolerance)
                }
            }
        }
    }

    @Test func drawnLogProbabilitiesAreThePlainModels() throws {
        let writer = try Writer()
        var sampling = SamplingOptions()
        sampling.temperature = 0.7
        sampling.topP = 0.9
        sampling.repetitionPenalty = 1.2
        let written = try writer.write(
            TextRequest(
                modelPath: writer.plainModel, prompt: .tokens([1, 5, 6]), length: .exactly(30),
                sampling: sampling, seed: 4, choices: 3, logProbabilities: 1))
        let pass = TrainingPass(decoder: TinyModel.makeDecoder(), gradients: nil)
        for choice in 0..<3 {
            let tokens = [1, 5, 6] + written.ids(choice)
            var rows = PackedRows()
            rows.append(Array(tokens.dropLast()))
            let targets = (2..<tokens.count - 1).map {
                ScoredTarget(row: $0, token: tokens[$0 + 1])
            }
            let expected = pass.score(rows, targets: targets)
            try #require(expected.count == written.tokens(choice).count)
            for (token, logp) in zip(written.tokens(choice), expected) {
                let found = try #require(token.logProbability)
                #expect(abs(found - Double(logp)) < Self.tolerance)
                let best = try #require(token.likeliest.first)
                #expect(best.logProbability >= found)
            }
        }
    }

    @Test func theSameSeedGivesTheSameText() throws {
        let writer = try Writer()
        let model = try writer.byteModel()
        func texts(seed: UInt64, choices: Int) throws -> [[Int32]] {
            let written = try writer.write(
                TextRequest(
                    modelPath: model, prompt: .text("once"), length: .exactly(12), seed: seed,
                    choices: choices))
            return (0..<choices).map { written.ids($0) }
        }
        let three = try texts(seed: 1, choices: 3)
        #expect(Set(three).count == 3)
        #expect(try texts(seed: 1, choices: 3) == three)
        #expect(try texts(seed: 1, choices: 1)[0] == three[0])
        #expect(try texts(seed: 2, choices: 1)[0] != three[0])
    }

    @Test func aLongPromptIsReadInParts() throws {
        let writer = try Writer()
        let model = try writer.byteModel()
        let prompt = (0..<590).map { Int32($0 * 7 % 251) }
        var sampling = SamplingOptions()
        sampling.useGreedy = true
        func write(_ count: Int) throws -> Written {
            try writer.write(
                TextRequest(
                    modelPath: model, prompt: .tokens(Array(prompt[..<count])), length: .exactly(1),
                    sampling: sampling, logProbabilities: 1, echoes: true))
        }
        let whole = try write(prompt.count)
        #expect(whole.ids().dropLast() == prompt[...])
        // The likeliest token in a place is what follows the prompt that ends before it.
        for count in [1, 17, 255, 256, 257, 512, 580] {
            let shorter = try write(count)
            #expect(shorter.ids().last == whole.tokens()[count].likeliest.first?.id)
        }
    }

    @Test func theTextEndsBeforeAStopString() throws {
        let writer = try Writer()
        let model = try writer.byteModel()
        var request = TextRequest(
            modelPath: model, prompt: .text("a"), length: .exactly(300), seed: 3)
        let whole = try writer.write(request)
        try #require(whole.ids().count > 40)
        // Bytes of one and two that are characters.
        let scalars = Array(whole.text().unicodeScalars)
        let place = try #require(scalars.indices.dropFirst(20).first { scalars[$0].isASCII })
        let stop = String(scalars[place])
        request.sampling.endStrings = ["no such thing", stop]
        let stopped = try writer.write(request)
        #expect(stopped.endings == [0: .stop])
        let expected = scalars.prefix { $0 != scalars[place] }
        #expect(Array(stopped.text().unicodeScalars) == Array(expected))
        // The tokens are those that were drawn, those of the stop string too.
        #expect(whole.ids().starts(with: stopped.ids()))
        #expect(stopped.usage?.completionTokens == stopped.ids().count)
    }

    @Test func aStopTokenEndsTheTextWithoutBeingPartOfIt() throws {
        let writer = try Writer()
        let model = try writer.byteModel()
        let requests = (0..<40).map {
            TextRequest(
                modelPath: model, prompt: .text("a"), length: .exactly(500), seed: $0)
        }
        let stopped = try requests.map { try writer.write($0) }.filter { $0.endings == [0: .stop] }
        try #require(!stopped.isEmpty)
        for text in stopped {
            #expect(text.ids().last == 256 && !text.text().contains("<end>"))
            #expect(!text.ids().dropLast().contains(256))
        }
    }

    @Test func piecesAreWholeCharactersOfTheText() throws {
        let writer = try Writer()
        let model = try writer.byteModel()
        let written = try writer.write(
            TextRequest(
                modelPath: model, prompt: .text("é"), length: .exactly(200), seed: 8,
                logProbabilities: 0, echoes: true))
        let bytes = written.ids().filter { $0 < 256 }.map { UInt8($0) }
        #expect(written.text() == String(decoding: bytes, as: UTF8.self))
        #expect(written.pieces[0]?.first?.text == "é")
        #expect(written.tokens().prefix(3).map(\.offset) == [0, 1, 1])
        #expect(written.tokens().allSatisfy { $0.bytes?.count ?? 0 > 0 })
    }

    @Test func aConversationIsRenderedAsInTraining() throws {
        let writer = try Writer()
        let template =
            "{% for m in messages %}[{{ m.role }}]{{ m.content }}<end>{% endfor %}"
            + "{% if add_generation_prompt %}[assistant]{% endif %}"
        let model = try writer.byteModel(template: template)
        let request = TextRequest(
            modelPath: model,
            prompt: .messages([
                .init(role: "system", content: "Be brief."), .init(role: "user", content: "Hi"),
            ]), length: .exactly(2), echoes: true)
        let written = try writer.write(request)
        let text = "[system]Be brief.<end>[user]Hi<end>[assistant]"
        #expect(written.pieces[0]?.first?.text == text)
        #expect(written.prompt.count { $0 == 256 } == 2)
        #expect(written.prompt.count == text.utf8.count - 2 * "<end>".utf8.count + 2)
    }

    @Test func whatTheModelCannotTakeIsRefused() throws {
        let writer = try Writer()
        let bytes = try writer.byteModel(contextLength: 16)
        func problems(
            _ model: String, _ prompt: TextRequest.Prompt, _ length: TextRequest.Length = .atMost(4)
        ) -> [String] {
            writer.problems(TextRequest(modelPath: model, prompt: prompt, length: length))
        }
        #expect(problems(writer.plainModel, .tokens([1, 40])) == ["/prompt/1"])
        #expect(problems(writer.plainModel, .tokens([-1])) == ["/prompt/0"])
        #expect(problems(writer.plainModel, .tokens([])) == ["/prompt"])
        #expect(problems(writer.plainModel, .text("a")) == ["/prompt"])
        #expect(problems(bytes, .text("")) == ["/prompt"])
        #expect(problems(bytes, .text("0123456789abcdef")) == ["/prompt"])
        #expect(problems(bytes, .text("0123456789abcdefg"), .exactly(0)) == ["/prompt"])
        #expect(problems(bytes, .text("0123456789"), .exactly(7)) == ["/max_tokens"])
        #expect(problems(bytes, .text("0123456789"), .exactly(6)) == [])
        #expect(problems(bytes, .text("0123456789"), .atMost(7)) == [])
        let conversation = TextRequest.Prompt.messages([
            .init(role: "system", content: "a"), .init(role: "user", content: "b"),
        ])
        #expect(throws: SpinError.self) {
            try writer.write(TextRequest(modelPath: bytes, prompt: conversation))
        }
    }

    @Test func whatIsThrownEndsTheGeneration() throws {
        struct Enough: Error {}
        let writer = try Writer()
        var calls = 0
        var tokens = 0
        let request = TextRequest(
            modelPath: writer.plainModel, prompt: .tokens([1]), length: .exactly(60))
        #expect(throws: Enough.self) {
            try writer.engine.generate(request) {
                calls += 1
                if calls == 5 { throw Enough() }
            } report: { event in
                if case .piece(let piece) = event { tokens += piece.tokens.count }
            }
        }
        // Once for the model, once for the prompt, then before every token but the first.
        #expect(calls == 5 && tokens <= 3)
        #expect(throws: Enough.self) {
            try writer.engine.generate(request, heed: {}, report: { _ in throw Enough() })
        }
    }

    @Test func theTimeLimitEndsAText() throws {
        // Every look at the clock takes a second.
        let writer = try Writer(clock: SteppingClock(stepSeconds: 1))
        let model = try writer.byteModel()
        let written = try writer.write(
            TextRequest(
                modelPath: model, prompt: .text("a"), length: .exactly(500), seed: 1,
                timeLimitSeconds: 10))
        #expect(written.endings == [0: .length])
        #expect((1...10).contains(written.ids().count))
    }
}
