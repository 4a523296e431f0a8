import ArgumentParser
import Documents
import Foundation
import Jobs
import SelfPlay
import SpinDomain

/// `spind run`: one game in the terminal, with no server and no database.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Play one game in this terminal, without a server.",
        discussion: """
            In the job file `model`, `dataset` and `validation_dataset` are paths, relative to the
            file. The output folder gets checkpoints/, metrics.jsonl and samples.jsonl.
            Control-C saves a checkpoint and stops.
            """)

    @Argument(help: "The configuration, YAML or JSON.")
    var job: String

    @Option(help: "The folder for checkpoints, metrics and samples; made if missing.")
    var output: String

    @Option(help: "Threads; the default is the number of usable cores.")
    var threads: Int?

    @Flag(help: "Check the configuration and show the estimate; train nothing.")
    var validateOnly = false

    func run() throws {
        let plan = try readPlan()
        let engine = GameEngine(threads: threads, clock: SystemClock())
        let estimate = try engine.check(plan)
        RunSummary.show(estimate, engine: engine.summary)
        if validateOnly { return }

        let report = try RunReport(folder: output)
        let control = RunControl(allowedIterations: plan.configuration.spin.maxIterations)
        let signals = StopSignals(hangUp: nil) { count in
            if count > 1 { _exit(130) }
            control.ask(.interrupt)
        }
        var losses = Losses()
        let outcome = try withExtendedLifetime(signals) {
            try engine.run(plan, from: nil, archive: NoArchive(), control: control) { event in
                try report.receive(event)
                losses.add(event)
                if let patience = plan.configuration.spin.earlyStop,
                    EarlyStop.isDue(losses: losses.values, patience: patience)
                {
                    control.limit(iterations: losses.iterations)
                }
            }
        }
        // A game waits only where early_stop took its iterations back.
        let isFinished = outcome == .finished || outcome == .waiting
        report.finish(isFinished ? .finished : outcome)
        if !isFinished { throw ExitCode(3) }
    }

    /// The validation losses that `early_stop` compares.
    private struct Losses {
        private(set) var values: [Double] = []
        private(set) var iterations = 0

        mutating func add(_ event: RunEvent) {
            switch event {
            case .validationFinished(let validation) where validation.step == 0:
                values.append(validation.loss)
            case .iterationFinished(let iteration):
                iterations = iteration.iteration + 1
                if let loss = iteration.validationLoss { values.append(loss) }
            default: break
            }
        }
    }

    private func readPlan() throws -> RunPlan {
        let url = URL(fileURLWithPath: job)
        let text = try Data(contentsOf: url)
        let document =
            url.pathExtension == "json"
            ? try DocumentReader.json(text) : try DocumentReader.yaml(text)
        let configuration = try JobConfiguration(json: document)
        func path(_ name: String) -> String {
            URL(fileURLWithPath: name, relativeTo: url.deletingLastPathComponent())
                .standardizedFileURL.path
        }
        return RunPlan(
            jobID: "job_" + configuration.name, configuration: configuration,
            sources: RunSources(
                modelPath: path(configuration.model), datasetPath: path(configuration.dataset),
                validationPath: configuration.validationDataset.map(path)),
            checkpointFolder: URL(fileURLWithPath: output).appendingPathComponent("checkpoints")
                .path)
    }

    /// A game that is played in one go has no earlier rollouts.
    private struct NoArchive: RolloutArchive {
        func samples(iteration: Int) -> [RolloutSample] { [] }
    }
}
