import Foundation
import SelfPlay
import SpinDomain
import Testing

/// Which models stay in memory.
@Suite struct TextEngineTests {
    private func write(_ writer: Writer, _ model: String) throws -> [Int32] {
        try writer.write(
            TextRequest(modelPath: model, prompt: .tokens([5, 6]), length: .exactly(8))
        ).ids()
    }

    @Test func theTwoModelsThatWereUsedLastStay() throws {
        let writer = try Writer()
        let models = try (0..<3).map { try writer.byteModel("model-\($0)", seed: UInt64($0)) }
        for index in [0, 1, 0, 2] { _ = try write(writer, models[index]) }
        #expect(writer.engine.modelsInMemory == [models[0], models[2]])
        writer.engine.releaseModels()
        #expect(writer.engine.modelsInMemory.isEmpty)
    }

    @Test func aModelThatNobodyUsesIsReleased() throws {
        // A second between any two looks at the clock.
        let writer = try Writer(clock: SteppingClock(stepSeconds: 1))
        _ = try write(writer, writer.plainModel)
        writer.engine.releaseModels(unusedFor: 1000)
        #expect(writer.engine.modelsInMemory == [writer.plainModel])
        writer.engine.releaseModels(unusedFor: 1)
        #expect(writer.engine.modelsInMemory.isEmpty)
    }

    @Test func aModelWhoseFilesHaveChangedIsReadAgain() throws {
        let writer = try Writer()
        let model = try writer.byteModel("model", seed: 1)
        let before = try write(writer, model)
        try FileManager.default.removeItem(atPath: model)
        _ = try writer.byteModel("model", seed: 2)
        let after = try write(writer, model)
        #expect(after != before)
        let other = try write(writer, writer.byteModel("other", seed: 2))
        #expect(after == other)
    }

    @Test func aModelThatDoesNotFitIsRefused() throws {
        let writer = try Writer(memoryLimitBytes: 1000)
        let error = #expect(throws: SpinError.self) { try write(writer, writer.plainModel) }
        #expect(error?.code == .conflict)
        #expect(writer.engine.modelsInMemory.isEmpty)
    }

    @Test func aRequestThatDoesNotFitIsRefused() throws {
        // Enough for the weights of the tiny model and their copy, not for much more.
        let writer = try Writer(memoryLimitBytes: 60_000)
        #expect(try write(writer, writer.plainModel).count <= 8)
        let error = #expect(throws: SpinError.self) {
            try writer.write(
                TextRequest(
                    modelPath: writer.plainModel, prompt: .tokens([1]), length: .exactly(63),
                    choices: 16))
        }
        #expect(error?.code == .conflict && error?.hint?.contains("fewer") == true)
    }

    @Test func aModelThatIsNotThereIsNotFound() throws {
        let writer = try Writer()
        let error = #expect(throws: SpinError.self) {
            try write(writer, writer.folder.path("absent"))
        }
        #expect(error?.code == .notFound)
    }

    @Test func textsDoNotDependOnTheThreads() throws {
        let texts = try [1, 2].map { threads in
            let writer = try Writer(threads: threads)
            return try write(writer, writer.byteModel())
        }
        #expect(texts[0] == texts[1])
    }
}
