import ArgumentParser
import Foundation
import Operating

/// `spind healthcheck`: for container images that hold no curl.
struct HealthCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck", abstract: "Exit with 0 if a server is ready, with 1 if not.")

    @Option(help: "The server; /readyz is asked for, unless there is another path.")
    var url = "http://127.0.0.1:8080"

    func run() throws {
        let status = try HealthProbe(url: url).status()
        guard status == 200 else {
            FileHandle.standardError.write(Data("the server answers \(status)\n".utf8))
            throw ExitCode.failure
        }
    }
}
