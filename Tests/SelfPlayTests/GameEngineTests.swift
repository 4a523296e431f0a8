import Foundation
import SelfPlay
import SpinDomain
import TextData
import Testing

@Suite struct GameEngineTests {
    private func problems(_ arena: Arena) -> [String: String] {
        do {
            _ = try arena.makeEngine().check(arena.plan)
            return [:]
        } catch let error as SpinError {
            #expect(error.code == .invalid)
            return Dictionary(error.problems.map { ($0.pointer, $0.detail) }) { $0 + $1 }
        } catch {
            Issue.record("\(error)")
            return [:]
        }
    }

    @Test func anEstimateSaysWhatTheRunWillBe() throws {
        let arena = try Arena(rows: 10)
        let estimate = try arena.makeEngine().check(arena.plan)
        #expect(estimate.rows == 10 && estimate.fileRows == 10 && estimate.tooLongRows == 0)
        #expect(estimate.validationRows == 3)
        #expect(estimate.stepsPerEpoch == 2 && estimate.totalSteps == 4)
        // 40·16 embeddings; a layer's norms 2·16, attention (32 + 16)·16, feed-forward 3·24·16; 16.
        #expect(estimate.parameters == 640 + 2 * (32 + 768 + 1152) + 16)
        #expect(estimate.memoryBytes > 4 * 4 * estimate.parameters)
        #expect(estimate.checkpointBytes == 3 * 4 * estimate.parameters)
        #expect(estimate.firstRows.map(\.promptIDs) == TinyData.rows(3).map(\.prompt))
        #expect(estimate.warnings.count == 1)  // 10 rows in batches of 4
    }

    @Test func everyProblemIsNamedAtOnce() throws {
        let arena = try Arena(rows: 6)
        arena.configuration.train.globalBatchSize = 64
        arena.configuration.spin.lengthParams.maxLength = 65
        arena.configuration.spin.samplingParams.endStrings = ["END"]
        arena.configuration.optim.sched.minLR = 1
        arena.validationPath = arena.folder.path("absent.jsonl")
        let found = problems(arena)
        #expect(
            found.keys.sorted() == [
                "/optim/sched/min_lr", "/spin/length_params/max_length",
                "/spin/sampling_params/end_strings", "/train/global_batch_size",
                "/validation_dataset",
            ])
    }

    @Test func rowsThatCannotBeUsedAreAProblemOfTheDataset() throws {
        let arena = try Arena(rows: 4)
        let file = arena.folder.url.appending(path: "train.jsonl")
        try Data(#"{"prompt_ids": [1, 40], "response_ids": [2]}"#.utf8).write(to: file)
        #expect(problems(arena)["/dataset"]?.contains("40") == true)
        try Data(#"{"prompt": "a", "response": "b"}"#.utf8).write(to: file)
        #expect(problems(arena)["/dataset"]?.contains("tokenizer") == true)
        try Data("{\n".utf8).write(to: file)
        #expect(problems(arena)["/dataset"] != nil)
        try FileManager.default.removeItem(at: file)
        #expect(problems(arena)["/dataset"] != nil)
    }

    @Test func aModelThatCannotBeReadIsAProblemOfTheModel() throws {
        let arena = try Arena(rows: 4)
        arena.modelPath = arena.folder.path("absent")
        #expect(problems(arena).keys.contains("/model"))
    }

    @Test func longRowsAreLeftOutAndCounted() throws {
        let arena = try Arena(rows: 12)
        arena.configuration.train.maxSeqLength = 8
        let kept = TinyData.rows(12).count { $0.prompt.count + $0.response.count <= 8 }
        try #require((4..<12).contains(kept))
        let estimate = try arena.makeEngine().check(arena.plan)
        #expect(estimate.rows == kept && estimate.tooLongRows == 12 - kept)
        #expect(estimate.warnings.contains { $0.contains("left out") })
        arena.configuration.train.maxSeqLength = 2
        #expect(problems(arena).keys.contains { $0 == "/train/max_seq_length" })
    }

    @Test func aRunThatDoesNotFitTheMachineIsRefused() throws {
        let arena = try Arena(rows: 8)
        let engine = GameEngine(threads: 1, clock: SteppingClock(), memoryLimitBytes: 1 << 20)
        let error = #expect(throws: SpinError.self) { _ = try engine.check(arena.plan) }
        #expect(error?.problems.map(\.pointer) == ["/train/micro_batch_size"])
    }

    @Test func dataSetsAreInspectedLineByLine() throws {
        let arena = try Arena(rows: 4)
        let file = arena.folder.path("mixed.jsonl")
        let lines = [
            #"{"prompt": "a", "response": "b"}"#, "nonsense", #"{"prompt": "a", "response": "b"}"#,
            #"{"prompt_ids": [1], "response_ids": []}"#,
        ]
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: file))
        let summary = try arena.makeEngine().inspectDataset(path: file)
        #expect(summary.rows == 2 && summary.duplicates == 1 && summary.emptyResponses == 1)
        #expect(summary.badLines == 1 && summary.problems.map(\.line) == [2])
        #expect(summary.forms == ["prompt_response": 2])
    }

    /// A model whose tokens are bytes, so that its texts can be read.
    @Test func textRowsAreEncodedPlayedAndShownAsText() throws {
        let arena = try Arena(rows: 4)
        let model = arena.folder.url.appending(path: "model")
        try arena.writeByteModel()
        let rows = ["ab", "cde", "f", "ghij"].map { text in
            #"{"prompt": "\#(text)", "response": "\#(text)!"}"#
        }
        try Data(rows.joined(separator: "\n").utf8)
            .write(to: arena.folder.url.appending(path: "train.jsonl"))
        arena.configuration.spin.samplingParams.endStrings = ["e"]
        arena.configuration.spin.lengthParams.maxLength = 40
        arena.validationPath = nil
        let game = try arena.play()
        let sample = try #require(game.samples.first)
        #expect(sample.promptIDs == [97, 98] && sample.prompt == "ab")
        #expect(sample.actualIDs == [97, 98, 33, 256])
        for sample in game.samples where sample.stopReason == .endString {
            #expect(sample.generatedIDs.last == Int32(UInt8(ascii: "e")))
        }
        let names = game.checkpoints.first?.files.map(\.name) ?? []
        #expect(names.contains("tokenizer.json") && names.contains("tokenizer_config.json"))
        let summary = try arena.makeEngine().inspectModel(
            path: try #require(game.checkpoints.first).path)
        #expect(summary.hasTokenizer)
        #expect(try arena.makeEngine().inspectModel(path: model.path).hasTokenizer)
    }
}
