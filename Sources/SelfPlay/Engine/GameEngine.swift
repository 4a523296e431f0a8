import Foundation
import ModelFiles
public import SpinDomain
import Synchronization
import Tensors
import TextData
import Transformer

/// The numeric wing behind its protocol: reads models and data, checks plans, plays games.
public final class GameEngine: SelfPlayEngine {
    let pool: WorkerPool
    private let clock: any Clock
    private let memoryLimitBytes: Int?
    private let measuresPeak: Bool
    private let beforeRun: @Sendable () -> Void
    /// Measured by the first run; nil before.
    private let peak = Mutex<Double?>(nil)

    /// - Parameters:
    ///   - threads: workers of every product; nil for one a core.
    ///   - memoryLimitBytes: what a run may need; nil for what the machine has free.
    ///   - measuresPeak: whether the first run measures, in a quarter of a second, how fast large
    ///     matrix products are; without it steps have no MFU.
    ///   - beforeRun: called before a run looks how much memory is free.
    public init(
        threads: Int? = nil, clock: any Clock, memoryLimitBytes: Int? = nil,
        measuresPeak: Bool = true, beforeRun: @escaping @Sendable () -> Void = {}
    ) {
        pool = WorkerPool(width: max(1, threads ?? WorkerPool.availableCores))
        self.clock = clock
        self.memoryLimitBytes = memoryLimitBytes
        self.measuresPeak = measuresPeak
        self.beforeRun = beforeRun
    }

    /// The matrix products' kernel and the threads, for logs.
    public var summary: String {
        "\(Machine.current.blasKernel) products on \(pool.width) threads"
    }

    public func inspectModel(path: String) throws -> ModelSummary {
        try ModelSetting(path: path).summary
    }

    public func inspectDataset(path: String) throws -> DatasetSummary {
        let url = URL(filePath: path)
        let report = try DatasetFile(url).inspect()
        if report.rows == 0, let error = report.error(for: url.lastPathComponent) { throw error }
        return DatasetSummary(
            bytes: report.bytes, rows: report.rows, forms: report.forms,
            duplicates: report.duplicates, emptyResponses: report.emptyResponses,
            badLines: report.problemCount,
            problems: report.problems.map { .init(line: $0.line, reason: $0.reason) })
    }

    public func check(_ plan: RunPlan) throws -> RunEstimate {
        let prepared = try prepare(plan, memoryBytes: MachineMemory.total())
        var estimate = prepared.estimate
        if measuresPeak {
            estimate.seconds = peakOperations().map { prepared.operations.seconds(peak: $0) }
        }
        return estimate
    }

    public func run(
        _ plan: RunPlan, from checkpoint: CheckpointRecord?, archive: any RolloutArchive,
        control: RunControl, report: (RunEvent) throws -> Void
    ) throws -> RunOutcome {
        try report(.phase(.loading))
        beforeRun()
        let prepared = try prepare(plan, memoryBytes: MachineMemory.free())
        try report(.started(totalSteps: prepared.plan.totalSteps, estimate: prepared.estimate))
        for warning in prepared.estimate.warnings { try report(.warning(warning)) }
        let environment = environment()
        try report(.environment(environment))
        let weights = ParameterArena(
            ParameterLayout(prepared.model.decoder))
        if checkpoint == nil {
            try ModelReader.load(
                URL(filePath: plan.sources.modelPath), into: weights, pool: pool)
        }
        return try withoutActuallyEscaping(report) { report in
            let game = Game(
                plan, prepared: prepared, weights: weights, pool: pool, archive: archive,
                control: control, clock: clock,
                peakOperations: environment.peakOperations, report: report)
            if let checkpoint { try game.resume(from: checkpoint) }
            return try game.play()
        }
    }

    private func environment() -> RunEnvironment {
        RunEnvironment(
            blasKernel: Machine.current.blasKernel, threads: pool.width,
            peakOperations: measuresPeak ? peakOperations() : nil)
    }

    private func peakOperations() -> Double? {
        peak.withLock { peak in
            if peak == nil { peak = SpeedProbe(pool: pool, clock: clock).fastestMatrixProduct() }
            return peak
        }
    }

    private func prepare(_ plan: RunPlan, memoryBytes: Int?) throws -> PreparedRun {
        var checker = PlanChecker(plan)
        return try checker.prepare(memoryBytes: memoryLimitBytes ?? memoryBytes)
    }
}
