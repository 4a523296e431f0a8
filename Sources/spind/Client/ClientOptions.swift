import ArgumentParser
import Client
import Foundation

/// How to reach a server, for all commands that talk to one.
struct ClientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server; else SPIND_SERVER, else \(ServerAddress.usual).", valueName: "url"))
    var server: String?

    @Option(help: "A file with the API key; else SPIND_KEY, or the file that SPIND_KEY_FILE names.")
    var keyFile: String?

    @Option(
        help: "A PEM file with the certificates to trust; else SPIND_CA_FILE, else the system's.")
    var caFile: String?

    @Flag(help: "Take any certificate of the server.")
    var insecure = false

    @Flag(help: "Print the server's JSON as it is.")
    var json = false

    func client() throws -> ServerClient {
        ServerClient(
            try ServerConnection(
                server: server, keyFile: keyFile, trustFile: caFile, trustsAnyone: insecure,
                environment: ProcessInfo.processInfo.environment))
    }
}

/// A command that talks to a server.
protocol ClientCommand: ParsableCommand {
    var options: ClientOptions { get }

    func run(_ client: ServerClient) throws
}

extension ClientCommand {
    func run() throws {
        do {
            try run(try options.client())
        } catch let error as ClientError {
            Console.complain("Error: \(error)")
            throw ExitCode(error.exitStatus)
        }
    }
}
