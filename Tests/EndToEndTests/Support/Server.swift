import Foundation
import SpinDomain

/// A running `spind serve` on a free loopback port; `curl` talks to it.
final class Server {
    let url: String
    private let key: String?
    private let process = Process()
    private let output: TemporaryFolder

    /// - Parameters:
    ///   - arguments: more flags of `spind serve`.
    ///   - environment: variables beside our own.
    ///   - key: what every request shows; nil for none.
    init(
        dataFolder: String, arguments: [String] = [], environment: [String: String] = [:],
        key: String? = nil
    ) throws {
        self.key = key
        output = try TemporaryFolder()
        process.executableURL = Program.url
        process.arguments = ["serve", "--data-dir", dataFolder, "--port", "0"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try output.file("out")
        process.standardError = try output.file("err")
        try process.run()
        let (folder, process) = (output, process)
        url = try Deadline(seconds: 60).wait(for: "the first line of spind serve") {
            guard process.isRunning else { throw Deadline.Missed(what: try folder.text("err")) }
            let line = try folder.text("out").split(separator: "\n").first
            return line.map { String($0.dropFirst("listening on ".count)) }
        }
    }

    deinit { kill() }

    /// SIGKILL: nothing can be tidied up.
    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// SIGTERM; returns the exit status.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    func send(signal number: Int32) { Foundation.kill(process.processIdentifier, number) }

    /// Waits for the end of a process that has been told to stop.
    func waitForExit() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    var isRunning: Bool { process.isRunning }

    var log: String { (try? output.text("err")) ?? "" }

    struct Answer {
        var status: Int
        var body: Data
        var text: String { String(decoding: body, as: UTF8.self) }

        func json() throws -> JSONValue { try JSONParser.parse(body) }
    }

    /// One request by `curl`; status 0 when the server did not answer.
    func request(
        _ method: String, _ path: String, body: Data? = nil, type: String? = nil,
        headers: [String] = []
    ) throws -> Answer {
        var arguments = [
            "-s", "-g", "-k", "--max-time", "60", "-w", "\n%{http_code}", "-X", method,
        ]
        if method == "HEAD" { arguments.append("-I") }
        if let key { arguments += ["-H", "Authorization: Bearer \(key)"] }
        for header in headers { arguments += ["-H", header] }
        if let type { arguments += ["-H", "Content-Type: \(type)"] }
        if body != nil { arguments += ["--data-binary", "@-"] }
        let result = try Program.run(
            arguments + [url + path], program: URL(fileURLWithPath: "/usr/bin/curl"), input: body)
        let text = Data(result.output.utf8)
        let cut = text.lastIndex(of: UInt8(ascii: "\n")) ?? text.startIndex
        let status = String(decoding: text[cut...].dropFirst(), as: UTF8.self)
        return Answer(status: Int(status) ?? 0, body: Data(text[..<cut]))
    }

    func get(_ path: String) throws -> JSONValue {
        try request("GET", path).json()
    }
}
