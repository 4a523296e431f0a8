import ArgumentParser
import Foundation
import Operating
import SpinDomain

/// `spind healthcheck`: for container images that hold no curl.
struct HealthCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck", abstract: "Exit with 0 if a server is ready, with 1 if not.",
        discussion: """
            Without --url, the server is the one that spind serve would be with the same flags,
            variables (SPIND_PORT …) and --config file. Of one with HTTPS is only asked whether it
            listens.
            """)

    @Option(help: "The server; /readyz is asked for, unless there is another path.")
    var url: String?

    @OptionGroup(visibility: .hidden) var options: ServeOptions

    func run() throws {
        guard let probe = try probe() else { return }
        let status = try probe.status()
        guard status == 200 else {
            FileHandle.standardError.write(Data("the server answers \(status)\n".utf8))
            throw ExitCode.failure
        }
    }

    /// Nil when nothing more than a connection can be had, and was.
    private func probe() throws -> HealthProbe? {
        if let url { return try HealthProbe(url: url) }
        let settings = try options.effective()
        let port = settings.integer("port") ?? 0
        guard port != 0 else {
            throw SpinError(
                .invalid, "the server takes any free port", hint: "name it: --url or --port")
        }
        let probe = HealthProbe(listeningAt: settings.text("host") ?? "", port: port)
        guard settings.text("tls-certificate") != nil else { return probe }
        try probe.requireListening()
        return nil
    }
}
