import ArgumentParser
import Documents
import Foundation
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
        let outcome = try withExtendedLifetime(signals) {
            try engine.run(
                plan, from: nil, archive: NoArchive(), control: control, report: report.receive)
        }
        report.finish(outcome)
        if outcome != .finished { throw ExitCode(3) }
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
