import Foundation
import SelfPlay
import SpinDomain
import Synchronization
import TextData

/// A job on a tiny model, played through the public engine, with everything it says kept.
final class Arena {
    let folder: TemporaryFolder
    var configuration: JobConfiguration
    let archive = MemoryArchive()
    var modelPath: String
    var datasetPath: String
    var validationPath: String?
    var threads = 1
    var clock: any Clock = SteppingClock()
    /// Costs a moment, and a clock that goes on by itself.
    var measuresPeak = false

    init(rows: Int = 8, validationRows: Int = 3, modelSeed: UInt64 = 7) throws {
        folder = try TemporaryFolder()
        modelPath = folder.path("model")
        datasetPath = folder.path("train.jsonl")
        try TinyModel.write(to: folder.url.appending(path: "model"), seed: modelSeed)
        try TinyData.write(TinyData.rows(rows), to: folder.url.appending(path: "train.jsonl"))
        if validationRows > 0 {
            validationPath = folder.path("validation.jsonl")
            try TinyData.write(
                TinyData.rows(validationRows, seed: 11),
                to: folder.url.appending(path: "validation.jsonl"))
        }
        configuration = JobConfiguration(name: "test", model: "tiny", dataset: "tiny")
        configuration.spin.maxIterations = 2
        configuration.spin.lengthParams.maxLength = 6
        configuration.spin.rolloutMicroBatchSize = 3
        configuration.train.globalBatchSize = 4
        configuration.train.microBatchSize = 2
        configuration.optim.learningRate = .constant(1e-3)
    }

    /// Replaces the model by one whose tokens are the 256 bytes and an end token.
    func writeByteModel() throws {
        let model = folder.url.appending(path: "model")
        try TinyModel.write(to: model, vocabularySize: 257, endToken: 256)
        try Data(ByteVocabulary.tokenizerJSON(specialTokens: ["<end>"]).utf8)
            .write(to: model.appending(path: "tokenizer.json"))
        try Data(ByteVocabulary.configurationJSON(begin: nil, end: "<end>").utf8)
            .write(to: model.appending(path: "tokenizer_config.json"))
    }

    var plan: RunPlan {
        RunPlan(
            jobID: "job_abcdefgh", configuration: configuration,
            sources: RunSources(
                modelPath: modelPath, datasetPath: datasetPath, validationPath: validationPath),
            checkpointFolder: folder.path("checkpoints"))
    }

    func makeEngine() -> GameEngine {
        GameEngine(threads: threads, clock: clock, measuresPeak: measuresPeak)
    }

    /// Plays until the run ends.
    ///
    /// - Parameters:
    ///   - allowedIterations: nil for all.
    ///   - allowedSteps: where that is more than the iterations allow.
    ///   - onEvent: may ask the control for something.
    @discardableResult
    func play(
        from checkpoint: CheckpointRecord? = nil, allowedIterations: Int? = nil,
        allowedSteps: Int = 0,
        onEvent: (RunEvent, RunControl) throws -> Void = { _, _ in }
    ) throws -> Transcript {
        let control = RunControl(
            allowedIterations: allowedIterations ?? configuration.spin.maxIterations,
            allowedSteps: allowedSteps)
        var transcript = Transcript()
        transcript.outcome = try makeEngine().run(
            plan, from: checkpoint, archive: archive, control: control
        ) { event in
            transcript.add(event)
            if case .samplesGenerated(let samples) = event { archive.add(samples) }
            try onEvent(event, control)
        }
        return transcript
    }
}

/// What a run said, sorted.
struct Transcript {
    var outcome: RunOutcome?
    var steps: [StepMetrics] = []
    var samples: [RolloutSample] = []
    var validations: [ValidationRecord] = []
    var checkpoints: [CheckpointRecord] = []
    var iterations: [IterationRecord] = []
    var warnings: [String] = []
    var environment: RunEnvironment?
    var waves = 0

    mutating func add(_ event: RunEvent) {
        switch event {
        case .samplesGenerated(let new):
            samples += new
            waves += 1
        case .stepFinished(let metrics): steps.append(metrics)
        case .validationFinished(let record): validations.append(record)
        case .checkpointSaved(let record): checkpoints.append(record)
        case .iterationFinished(let record): iterations.append(record)
        case .warning(let text): warnings.append(text)
        case .environment(let found): environment = found
        case .started, .phase, .iterationStarted, .rolloutProgressed: break
        }
    }
}

/// Samples in memory, as a store would keep them.
final class MemoryArchive: RolloutArchive {
    private let stored = Mutex<[Int: [Int: RolloutSample]]>([:])

    func add(_ samples: [RolloutSample]) {
        stored.withLock { stored in
            for sample in samples { stored[sample.iteration, default: [:]][sample.index] = sample }
        }
    }

    func samples(iteration: Int) -> [RolloutSample] {
        stored.withLock { ($0[iteration] ?? [:]).values.sorted { $0.index < $1.index } }
    }

    func forget(iteration: Int) {
        stored.withLock { $0[iteration] = nil }
    }
}
