import Foundation
import SpinDomain

/// The built `spind`, beside the test bundle.
enum Program {
    static let url: URL = {
        let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: tests ?? "").deletingLastPathComponent()
            .appendingPathComponent("spind")
    }()

    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Runs a program to its end.
    static func run(
        _ arguments: [String], program: URL = url, input: Data? = nil,
        environment: [String: String] = [:]
    ) throws -> Result {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let folder = try TemporaryFolder()
        let output = try folder.file("out")
        let errors = try folder.file("err")
        process.standardOutput = output
        process.standardError = errors
        if let input {
            let file = folder.path + "/in"
            try input.write(to: URL(fileURLWithPath: file))
            process.standardInput = FileHandle(forReadingAtPath: file)
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: try folder.text("out"),
            errors: try folder.text("err"))
    }
}

extension Program {
    /// A program of the system; nil where it is not installed.
    static func find(_ name: String) -> URL? {
        ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map { URL(fileURLWithPath: "\($0)/\(name)") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/spind-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) throws -> FileHandle {
        _ = FileManager.default.createFile(atPath: path + "/" + name, contents: nil)
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path + "/" + name))
    }

    func text(_ name: String) throws -> String {
        String(
            decoding: try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)), as: UTF8.self)
    }
}

/// Gives up instead of waiting for ever.
struct Deadline {
    struct Missed: Error {
        var what: String
    }

    private let end: Date

    init(seconds: Double) {
        end = Date(timeIntervalSinceNow: seconds)
    }

    /// Asks again and again until there is an answer.
    func wait<Answer>(
        for what: String, everySeconds: Double = 0.05, _ ask: () throws -> Answer?
    ) throws -> Answer {
        while Date() < end {
            if let answer = try ask() { return answer }
            usleep(UInt32(everySeconds * 1e6))
        }
        throw Missed(what: what)
    }
}
