import Foundation
import SpinDomain
import Synchronization

/// Stands in for the numeric wing: looks at names and lines, and computes nothing.
struct ScriptedEngine: SelfPlayEngine {
    static let estimate = RunEstimate(
        rows: 2, fileRows: 3, tooLongRows: 1, validationRows: nil, stepsPerEpoch: 1, totalSteps: 3,
        parameters: 1000, memoryBytes: 4096, checkpointBytes: 12_000, warnings: ["few rows"],
        firstRows: [.init(promptIDs: [1, 2], responseIDs: [3], prompt: "a", response: "b")])

    /// A path with `damaged` in it is a damaged model.
    func inspectModel(path: String) throws -> ModelSummary {
        if path.contains("damaged") { throw SpinError.damaged(path, "the header is cut short") }
        return ModelSummary(
            family: "llama", format: "gguf", parameters: 1000, vocabularySize: 256,
            contextLength: 128, layers: 2, channels: 32, bytes: 4000, hasTokenizer: true,
            hasChatTemplate: false)
    }

    /// A line is good when it is a JSON object with a prompt.
    func inspectDataset(path: String) throws -> DatasetSummary {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw SpinError(.inputOutput, "\(path) cannot be read")
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.isEmpty }
        let problems = lines.enumerated().compactMap { index, line in
            (try? JSONParser.parse(line.utf8))?["prompt"] == nil
                ? DatasetSummary.LineProblem(line: index + 1, reason: "has no prompt") : nil
        }
        guard problems.count < lines.count else {
            throw SpinError(.invalid, "no line can be used")
        }
        return DatasetSummary(
            bytes: text.utf8.count, rows: lines.count - problems.count,
            forms: ["prompt_response": lines.count - problems.count], duplicates: 0,
            emptyResponses: 0, badLines: problems.count, problems: problems)
    }

    /// A seed of 13 is unlucky.
    func check(_ plan: RunPlan) throws -> RunEstimate {
        guard plan.configuration.seed != 13 else {
            throw SpinError.invalid(
                "the plan",
                problems: [
                    .init(pointer: "/train/global_batch_size", detail: "more than there are rows")
                ])
        }
        return Self.estimate
    }

    func run(
        _ plan: RunPlan, from checkpoint: CheckpointRecord?, archive: any RolloutArchive,
        control: RunControl, report: (RunEvent) throws -> Void
    ) throws -> RunOutcome {
        throw SpinError(.internal, "no test runs a job")
    }
}

/// Stands still.
struct FixedClock: Clock {
    static let moment = Timestamp(microseconds: 1_795_385_746_000_123)

    func now() -> Timestamp { Self.moment }
}

/// Goes on when it is told to.
final class HandClock: Clock {
    private let time = Mutex(FixedClock.moment)

    func now() -> Timestamp { time.withLock { $0 } }

    func advance(seconds: Double) {
        time.withLock { $0 = Timestamp(microseconds: $0.microseconds + Int(seconds * 1e6)) }
    }
}
