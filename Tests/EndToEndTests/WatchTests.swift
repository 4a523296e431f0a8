import Foundation
import SpinDomain
import Testing

/// `spind watch` with all that comes between it and the server.
@Suite(.timeLimit(.minutes(2)))
struct WatchTests {
    private let game: NanoGame
    private let server: Server

    init() throws {
        game = try NanoGame()
        server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server.wire)
    }

    private var port: String { server.url.split(separator: ":").last.map(String.init) ?? "" }

    @Test func aServerThatIsKilledAndStartedAgainLosesNoEvent() throws {
        let spind = Commands(server.url)
        let job = try spind.submit("long", isManual: true)
        let watch = try spind.start("watch", job)
        let log = try spind.start("events", "--follow", "--json", "--after", "0")
        try watch.wait(toSay: "job.created")
        try log.wait(toSay: "job.created")
        server.kill()
        try watch.wait(toSay: "trying again")
        let second = try Server(dataFolder: game.dataFolder.path, arguments: ["--port", port])
        #expect(second.url == server.url)
        try watch.wait(toSay: "connected again")
        _ = try spind.require("step", job, "--iterations", "3")
        #expect(try watch.end() == 0)
        #expect(watch.errors.contains("succeeded after 6 steps"))
        try log.wait(toSay: "job.succeeded")
        let lines = log.output.split(separator: "\n")
        let numbers = try lines.map { try JSONParser.parse($0.utf8)["sequence"]?.integer }
        #expect(numbers == Array(1...numbers.count), "each once, none left out")
        for type in ["job.created", "iteration.started", "job.succeeded"] {
            #expect(watch.output.contains(type))
        }
    }

    @Test func aServerThatStaysAwayIsNotWaitedForForEver() throws {
        let spind = Commands(server.url)
        let job = try spind.submit("left", isManual: true)
        let watch = try spind.start("watch", job, "--patience", "0.2")
        try watch.wait(toSay: "job.created")
        server.kill()
        #expect(try watch.end() == 69)
        #expect(watch.errors.contains(server.url))
    }

    private struct Seen {
        var output: String
        var status: Int?
        var echoes: Bool?
    }

    private func inTerminal(
        _ arguments: [String], typing keys: String = "", at text: String = "", rows: Int = 24
    ) throws -> Seen {
        let report = try Python.run(
            "in_terminal.py", ["80", "\(rows)", text, keys, Program.url.path] + arguments)
        let json = try JSONParser.parse(report.utf8)
        return Seen(
            output: json["output"]?.string ?? "", status: json["status"]?.integer,
            echoes: json["echoes"]?.bool)
    }

    @Test func onATerminalThereIsAPicture() throws {
        let job = try Commands(server.url).submit("shown")
        let seen = try inTerminal(["watch", job, "--server", server.url])
        #expect(seen.status == 0 && seen.echoes == true)
        for part in ["\u{1B}[?25l", "█", "loss", "job.succeeded", "\u{1B}[?25h"] {
            #expect(seen.output.contains(part), "\(part)")
        }
        // The last frame stays, and what comes after it is below.
        let end = try #require(seen.output.components(separatedBy: "\u{1B}[?25h").last)
        #expect(end.contains("succeeded after 6 steps"))
    }

    @Test func ctrlCGivesTheTerminalBackAndLeavesTheJobAlone() throws {
        let job = try Commands(server.url).submit("kept", isManual: true)
        let seen = try inTerminal(
            ["watch", job, "--server", server.url], typing: "\\x03", at: "next: spind step",
            rows: 10)
        #expect(seen.status == 130 && seen.echoes == true)
        #expect(seen.output.hasSuffix("\u{1B}[?25h"))
        #expect(try server.get("/v1/jobs/\(job)")["status"]?.string == "waiting")
    }
}
