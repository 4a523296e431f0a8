import Foundation
import SpinDomain

/// A running `spind serve` on a free loopback port; `curl` talks to it.
final class Server {
    let url: String
    private let key: String?
    private let process = Process()
    private let output: TemporaryFolder
    private let isWrapped: Bool

    /// - Parameters:
    ///   - arguments: more flags of `spind serve`.
    ///   - environment: variables beside our own.
    ///   - key: what every request shows; nil for none.
    ///   - wrapper: a program that runs the server, with its own arguments first.
    init(
        dataFolder: String, arguments: [String] = [], environment: [String: String] = [:],
        key: String? = nil, wrapper: (program: URL, arguments: [String])? = nil
    ) throws {
        self.key = key
        output = try TemporaryFolder()
        isWrapped = wrapper != nil
        let own = ["serve", "--data-dir", dataFolder, "--port", "0"] + arguments
        process.executableURL = wrapper?.program ?? Program.url
        process.arguments = (wrapper.map { $0.arguments + [Program.url.path] } ?? []) + own
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try output.file("out")
        process.standardError = try output.file("err")
        try process.run()
        let (folder, process) = (output, process)
        url = try Deadline(seconds: 60).wait(
            for: "the first line of spind serve", everySeconds: 0.002
        ) {
            let line = try folder.text("out").split(separator: "\n").first
            if let line { return String(line.dropFirst("listening on ".count)) }
            guard process.isRunning else {
                let wasKilled = process.terminationReason == .uncaughtSignal
                throw Ended(log: try folder.text("err"), wasKilled: wasKilled)
            }
            return .none
        }
    }

    /// The server went before it listened.
    struct Ended: Error {
        var log: String
        var wasKilled: Bool
    }

    var wire: Wire { Wire(url) }

    /// Waits for the end that a failpoint brings.
    func waitForEnd() {
        process.waitUntilExit()
    }

    /// What a process looks like that SIGKILL ended.
    var wasKilled: Bool {
        !process.isRunning && process.terminationReason == .uncaughtSignal
            && process.terminationStatus == SIGKILL
    }

    /// The server's own process, which a wrapper has as its only child.
    private var serverIdentifier: Int32 {
        guard isWrapped else { return process.processIdentifier }
        let list = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
        let children = (try? String(contentsOfFile: list, encoding: .utf8)) ?? ""
        return children.split(separator: " ").first.flatMap { Int32($0) }
            ?? process.processIdentifier
    }

    deinit { kill() }

    /// SIGKILL: nothing can be tidied up.
    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(serverIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// SIGKILL at an instant to come, on another thread.
    /// - Returns: what to wait for.
    func kill(afterMicroseconds delay: UInt64) -> DispatchGroup {
        let group = DispatchGroup()
        let processIdentifier = serverIdentifier
        DispatchQueue.global().async(group: group) {
            usleep(UInt32(delay))
            Foundation.kill(processIdentifier, SIGKILL)
        }
        return group
    }

    /// SIGTERM; returns the exit status, SIGKILL's when it does not end in time.
    func stop() -> Int32 {
        let process = process
        Foundation.kill(serverIdentifier, SIGTERM)
        let end = DispatchWorkItem { Foundation.kill(process.processIdentifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.stopSeconds, execute: end)
        process.waitUntilExit()
        end.cancel()
        return process.terminationStatus
    }

    /// Much longer than any stop may take.
    private static let stopSeconds = 60.0

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
