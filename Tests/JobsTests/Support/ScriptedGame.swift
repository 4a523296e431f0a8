import Foundation
import SpinDomain

/// One run of the scripted engine.
final class ScriptedGame {
    private let plan: RunPlan
    private let archive: any RolloutArchive
    private let control: RunControl
    private let visit: (ScriptedEngine.Moment) throws -> Void
    private let generated: (Int) -> Void
    private let measure: (inout StepMetrics) -> Void
    private var step = 0
    private var iteration = 0
    private var savedStep = 0

    init(
        _ plan: RunPlan, _ archive: any RolloutArchive, _ control: RunControl,
        visit: @escaping (ScriptedEngine.Moment) throws -> Void,
        generated: @escaping (Int) -> Void, measure: @escaping (inout StepMetrics) -> Void
    ) {
        self.plan = plan
        self.archive = archive
        self.control = control
        self.visit = visit
        self.generated = generated
        self.measure = measure
    }

    func resume(from checkpoint: CheckpointRecord?) throws {
        guard let checkpoint else { return }
        let path = checkpoint.path + "/model.safetensors"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            text == Self.content(plan, step: checkpoint.step)
        else { throw SpinError.damaged("model.safetensors", "differs from what was written") }
        step = checkpoint.step
        iteration = checkpoint.iteration
        savedStep = step
    }

    func play(_ estimate: RunEstimate, _ report: (RunEvent) throws -> Void) throws -> RunOutcome {
        try report(.phase(.loading))
        try report(.started(totalSteps: estimate.totalSteps, estimate: estimate))
        do {
            try visit(.loading)
            while iteration < plan.configuration.spin.maxIterations {
                let isBetween = step == iteration * ScriptedEngine.stepsPerIteration
                if isBetween && !control.mayPlay(iteration: iteration, step: step) {
                    return .waiting
                }
                try playIteration(report)
            }
            try visit(.end)
            return .finished
        } catch let stop as ScriptedEngine.Stop {
            if stop.outcome != .cancelled, step != savedStep {
                try report(.checkpointSaved(save(isIterationEnd: false)))
            }
            return stop.outcome
        }
    }

    private func playIteration(_ report: (RunEvent) throws -> Void) throws {
        let first = iteration * ScriptedEngine.stepsPerIteration
        var record = IterationRecord(iteration: iteration)
        let penalties = control.begin(iteration: iteration)
        record.klPenalty = penalties?.value(iteration: iteration)
        record.referenceCheckpoint = iteration == 0 ? nil : checkpointID(step: first)
        try report(
            .iterationStarted(
                iteration: iteration, klPenalty: record.klPenalty,
                referenceCheckpoint: record.referenceCheckpoint))
        try rollout(report)
        while step < first + ScriptedEngine.stepsPerIteration {
            try visit(.boundary(step: step))
            let interval = plan.configuration.train.saveInterval
            let isDue = interval.map { step.isMultiple(of: $0) } ?? false
            if step > first, control.takeSaveRequest() || isDue, savedStep != step {
                try report(.checkpointSaved(save(isIterationEnd: false)))
            }
            try heed()
            guard control.mayPlay(iteration: iteration, step: step) else {
                throw ScriptedEngine.Stop(outcome: .waiting)
            }
            try report(.phase(.train))
            try report(.stepFinished(metrics()))
            step += 1
        }
        try report(.phase(.validate))
        try report(
            .validationFinished(
                .init(step: step, iteration: iteration, loss: loss, tokens: 9, seconds: 0)))
        record.steps = ScriptedEngine.stepsPerIteration
        record.firstStep = first
        record.validationLoss = loss
        record.isFinished = true
        try report(.phase(.save))
        iteration += 1
        let checkpoint = try save(isIterationEnd: true)
        try report(.iterationFinished(record))
        try report(.checkpointSaved(checkpoint))
    }

    private func rollout(_ report: (RunEvent) throws -> Void) throws {
        try report(.phase(.rollout))
        let stored = try archive.samples(iteration: iteration)
        let (waves, size) = (ScriptedEngine.waves, ScriptedEngine.waveSize)
        for wave in 0..<waves {
            let indices = wave * size..<(wave + 1) * size
            if stored.count(where: { indices.contains($0.index) }) == size { continue }
            try visit(.wave(iteration: iteration, wave))
            try heed()
            try report(
                .rolloutProgressed(done: wave * size, total: waves * size, tokensPerSecond: 10))
            generated(size)
            try report(.samplesGenerated(indices.map(sample)))
        }
    }

    private func heed() throws {
        switch control.request {
        case .goOn: return
        case .interrupt: throw ScriptedEngine.Stop(outcome: .interrupted)
        case .pause: throw ScriptedEngine.Stop(outcome: .paused(reason: "paused"))
        case .cancel: throw ScriptedEngine.Stop(outcome: .cancelled)
        }
    }

    /// Falls and rises again, so that the best is not the newest.
    private var loss: Double { Double((step * 7) % 11) + 1 }

    private func metrics() -> StepMetrics {
        var metrics = StepMetrics(
            step: step, iteration: iteration, epoch: 0,
            loss: Double(plan.configuration.seed % 97) + 1 / Double(step + 1), sftLoss: 1,
            gradNorm: 1, learningRate: 1e-6, consumedSamples: (step + 1) * 2, stepTime: 0.5,
            tokensPerSecond: 100)
        measure(&metrics)
        return metrics
    }

    private func sample(_ index: Int) -> RolloutSample {
        RolloutSample(
            iteration: iteration, index: index, epoch: 0, sourceIteration: iteration, row: index,
            promptIDs: [1, 2], actualIDs: [3], generatedIDs: [Int32(index + iteration)],
            referenceLogpActual: -1, referenceLogpGenerated: -Double(index), stopReason: .length)
    }

    private func checkpointID(step: Int) -> String {
        "ckpt_\(plan.jobID.dropFirst("job_".count))_\(step)"
    }

    private static func content(_ plan: RunPlan, step: Int) -> String {
        "\(plan.configuration.seed) after \(step)"
    }

    private func save(isIterationEnd: Bool) throws -> CheckpointRecord {
        let folder = URL(fileURLWithPath: plan.checkpointFolder, isDirectory: true)
            .appendingPathComponent("step-\(step)", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let content = Self.content(plan, step: step)
        try Data(content.utf8).write(to: folder.appendingPathComponent("model.safetensors"))
        savedStep = step
        return CheckpointRecord(
            id: checkpointID(step: step), jobID: plan.jobID, step: step, iteration: iteration,
            isIterationEnd: isIterationEnd, path: folder.path + "/",
            files: [.init(name: "model.safetensors", bytes: content.utf8.count, sha256: "00")],
            validationLoss: loss, createdAt: Timestamp(microseconds: step))
    }
}
