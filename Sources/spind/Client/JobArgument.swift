import ArgumentParser
import Client
import Foundation

/// What a job is called on the command line.
enum JobArgument {
    static let help: ArgumentHelp = "The job: its id, the beginning of it, or its name."
    static let completion = CompletionKind.custom { arguments, _, _ in JobArgument.known(arguments)
    }

    /// Asks the server that the line names so far, or that of the environment.
    private static func known(_ arguments: [String]) -> [String] {
        func value(_ flag: String) -> String? {
            arguments.firstIndex(of: flag).flatMap {
                $0 + 1 < arguments.count ? arguments[$0 + 1] : nil
            }
        }
        let connection = try? ServerConnection(
            server: value("--server"), keyFile: value("--key-file"), trustFile: value("--ca-file"),
            trustsAnyone: arguments.contains("--insecure"),
            environment: ProcessInfo.processInfo.environment)
        // Who waits for a completion waits for a moment only.
        return (try? connection.map { ServerClient($0, patienceSeconds: 0) }?.jobNames()) ?? []
    }
}
