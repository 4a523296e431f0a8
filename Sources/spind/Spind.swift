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
              spind run job.yaml --output out      # one game in this terminal, no server
              spind demo DIR                       # write a tiny model, data and job.yaml to DIR

            A job needs a model (a Hugging Face folder or a GGUF file) and a JSONL file of
            {"prompt": …, "response": …} rows. SPIN lets the model answer every prompt itself and
            trains it to prefer the data's answers to its own; no new labels are needed.
            """,
        version: version,
        subcommands: [
            ServeCommand.self, RunCommand.self, ExportCommand.self, EvaluateCommand.self,
            DemoCommand.self, NewModelCommand.self, BenchCommand.self, BackupCommand.self,
            VerifyCommand.self, KeysCommand.self, ConfigCommand.self, DoctorCommand.self,
            HealthCheckCommand.self,
        ])
}
