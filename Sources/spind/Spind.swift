import ArgumentParser

/// The program: one subcommand a file.
@main
struct Spind: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "spind",
        abstract:
            "Trains small language models by self-play (SPIN), and lets you watch and steer it.",
        discussion: """
            Begin with one of these:

              spind serve --data-dir data          # the service; then see http://127.0.0.1:8080/
              spind submit job.yaml                # a job for it; spind list, spind show JOB, …
              spind run job.yaml --output out      # one game in this terminal, no server
              spind demo DIR                       # write a tiny model, data and job.yaml to DIR

            A job needs a model (a Hugging Face folder or a GGUF file) and a JSONL file of
            {"prompt": …, "response": …} rows. SPIN lets the model answer every prompt itself and
            trains it to prefer the data's answers to its own; no new labels are needed.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "Jobs on a server:",
                subcommands: [
                    SubmitCommand.self, ListCommand.self, ShowCommand.self, WatchCommand.self,
                    MetricsCommand.self, SamplesCommand.self, EventsCommand.self,
                    PauseCommand.self, ResumeCommand.self, StepCommand.self, CancelCommand.self,
                    RetryCommand.self, CheckpointsCommand.self, PullCommand.self,
                ]),
            CommandGroup(
                name: "A server and its data folder:",
                subcommands: [
                    ServeCommand.self, ConfigCommand.self, DoctorCommand.self, KeysCommand.self,
                    BackupCommand.self, VerifyCommand.self, HealthCheckCommand.self,
                ]),
            CommandGroup(
                name: "Without a server:",
                subcommands: [
                    RunCommand.self, ExportCommand.self, EvaluateCommand.self, DemoCommand.self,
                    NewModelCommand.self, BenchCommand.self,
                ]),
        ])
}
