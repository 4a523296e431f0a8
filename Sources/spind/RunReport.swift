import Foundation
import SpinDomain

/// Shows a run in the terminal and keeps its metrics and samples as JSON lines.
final class RunReport {
    private let metrics: FileHandle
    private let samples: FileHandle
    private var progress = ProgressLine()
    private var validationLoss: Double?

    init(folder: String) throws {
        let files = FileManager.default
        try files.createDirectory(
            atPath: folder + "/checkpoints", withIntermediateDirectories: true)
        func open(_ name: String) throws -> FileHandle {
            let path = folder + "/" + name
            _ = files.createFile(atPath: path, contents: nil)
            return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        }
        metrics = try open("metrics.jsonl")
        samples = try open("samples.jsonl")
    }

    func receive(_ event: RunEvent) throws {
        switch event {
        case .started(let totalSteps, _): progress.totalSteps = totalSteps
        case .environment, .phase: break
        case .iterationStarted(let iteration, let klPenalty, _):
            let penalty = klPenalty.map { ", KL penalty \($0)" } ?? ""
            progress.say("iteration \(iteration)\(penalty)")
        case .rolloutProgressed(let done, let total, let tokensPerSecond):
            progress.rollout(done: done, total: total, tokensPerSecond: tokensPerSecond)
        case .samplesGenerated(let wave):
            for sample in wave { try Self.append(sample.json, to: samples) }
        case .stepFinished(let step):
            try Self.append(step.json, to: metrics)
            progress.step(step)
        case .validationFinished(let validation):
            validationLoss = validation.loss
            progress.say(
                "  validation loss \(Self.short(validation.loss)) at step \(validation.step)")
        case .checkpointSaved(let checkpoint): progress.say("  saved \(checkpoint.path)")
        case .iterationFinished(let iteration): progress.say("  " + Self.summary(iteration))
        case .warning(let text): progress.say("warning: \(text)")
        }
    }

    func finish(_ outcome: RunOutcome) {
        switch outcome {
        case .finished: progress.say("finished")
        case .paused(let reason): progress.say("paused: \(reason)")
        case .waiting, .cancelled, .interrupted:
            progress.say("stopped; the last checkpoint is saved")
        }
    }

    private static func append(_ value: JSONValue, to file: FileHandle) throws {
        try file.write(contentsOf: Data(value.utf8 + [UInt8(ascii: "\n")]))
    }

    private static func summary(_ iteration: IterationRecord) -> String {
        func text(_ name: String, _ value: Double?) -> String? {
            value.map { "\(name) \(short($0))" }
        }
        let parts = [
            text("loss", iteration.startLoss), text("→", iteration.endLoss),
            text("acc", iteration.endAccuracy), text("margin", iteration.endMargin),
            text("rollout s", iteration.rolloutSeconds), text("train s", iteration.trainSeconds),
        ]
        return parts.compactMap { $0 }.joined(separator: " ")
    }

    static func short(_ value: Double) -> String { String(format: "%.4g", value) }
}
