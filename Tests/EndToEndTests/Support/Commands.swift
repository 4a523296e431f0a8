import Foundation
import SpinDomain
import Testing

/// `spind` as the client of a server.
struct Commands {
    private let environment: [String: String]

    init(_ url: String, environment: [String: String] = [:]) {
        self.environment = environment.merging(["SPIND_SERVER": url]) { $1 }
    }

    func run(_ arguments: String..., input: String? = nil) throws -> Program.Result {
        try Program.run(
            arguments, input: input.map { Data($0.utf8) }, environment: environment)
    }

    /// The output of a command that must succeed.
    func require(_ arguments: String..., input: String? = nil) throws -> String {
        let result = try Program.run(
            arguments, input: input.map { Data($0.utf8) }, environment: environment)
        try #require(result.status == 0, "\(arguments): \(result.errors)")
        return result.output
    }

    /// Submits a job that must be taken; its id is all that is printed.
    func submit(_ name: String, isManual: Bool = false) throws -> String {
        let id = try require(
            "submit", "-", input: NanoGame.configuration(name: name, isManual: isManual))
        return id.trimmingCharacters(in: .newlines)
    }

    func start(_ arguments: String...) throws -> RunningProgram {
        try RunningProgram(arguments, environment: environment)
    }
}

/// A `spind` that goes on while a test does other things.
final class RunningProgram {
    private let process = Process()
    private let folder: TemporaryFolder

    init(_ arguments: [String], environment: [String: String]) throws {
        folder = try TemporaryFolder()
        process.executableURL = Program.url
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try folder.file("out")
        process.standardError = try folder.file("err")
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var output: String { (try? folder.text("out")) ?? "" }
    var errors: String { (try? folder.text("err")) ?? "" }

    func wait(toSay text: String) throws {
        try Deadline(seconds: 60).wait(for: "'\(text)'") {
            output.contains(text) || errors.contains(text) ? () : nil
        }
    }

    /// Its exit status.
    func end() throws -> Int32 {
        try Deadline(seconds: 60).wait(for: "the end of a command") {
            process.isRunning ? nil : process.terminationStatus
        }
    }
}
