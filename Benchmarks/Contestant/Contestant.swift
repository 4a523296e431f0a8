import ArgumentParser

/// spind's numeric wing beside its peers: see Benchmarks/README.md.
@main
struct Contestant: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spind-contestant",
        abstract: "Runs spind's numeric code under the stop-watch of scripts/benchmark.",
        subcommands: [
            ServeCommand.self, LayersCommand.self, ScalingCommand.self, PointCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)
}
