import Foundation
import SpinDomain
import Testing

/// Kills the server again and again while a client works with it; nothing that was acknowledged may
/// be lost, and nothing may happen twice.
@Suite(.serialized)
struct HistoryTests {
    /// `SPIND_KILLS` asks for more, or for fewer.
    private static let kills =
        ProcessInfo.processInfo.environment["SPIND_KILLS"].flatMap { Int($0) } ?? 200
    /// The seed of the client and of the instants; printed when it is not the usual one.
    private static let seed =
        ProcessInfo.processInfo.environment["SPIND_KILL_SEED"].flatMap { UInt64($0) } ?? 1
    private static let longestLifeMicroseconds: UInt64 = 350_000
    private static let longestStartMicroseconds: UInt64 = 40_000

    @Test func whatWasAcknowledgedHolds() throws {
        let game = try NanoGame()
        let expected = try GameBits.undisturbed()
        #expect(expected.isWhole)
        var client = HistoryClient(seed: Self.seed)
        var instants = SplitMix(state: Self.seed &+ 1)
        var starts: [Double] = []
        for kill in 0..<Self.kills {
            if instants.next(below: 10) == 0 { try killAStart(game, &instants) }
            let server = try start(game, &starts)
            if kill == 0 { try game.register(with: server.wire) }
            let checker = HistoryChecker(wire: server.wire, expected: expected)
            try checker.check(&client, isWholeHistory: kill % 50 == 49)
            retry(&client, on: server.wire)
            let killer = server.kill(
                afterMicroseconds: instants.next(below: Self.longestLifeMicroseconds))
            client.run(on: server.wire)
            killer.wait()
            server.waitForEnd()
        }
        try finish(&client, game, expected)
        let median = starts.sorted()[starts.count / 2]
        print(
            "history: \(Self.kills) kills, \(client.requests) requests, \(client.unknowns) without "
                + "an answer, \(client.jobs.count) jobs; a start takes \(Int(median * 1000)) ms")
    }

    private func start(_ game: NanoGame, _ seconds: inout [Double]) throws -> Server {
        let began = Date()
        let server = try Server(
            dataFolder: game.dataFolder.path, arguments: ["--no-speed-probe"])
        seconds.append(Date().timeIntervalSince(began))
        return server
    }

    /// The start itself may be killed too, while it puts things right.
    private func killAStart(_ game: NanoGame, _ instants: inout SplitMix) throws {
        let process = Process()
        process.executableURL = Program.url
        process.arguments = ["serve", "--data-dir", game.dataFolder.path, "--port", "0"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        usleep(UInt32(instants.next(below: Self.longestStartMicroseconds)))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// What had no answer is asked again, under the same key.
    private func retry(_ client: inout HistoryClient, on wire: Wire) {
        for (name, job) in client.jobs {
            var isAnswered = true
            if job.existence == .maybe { isAnswered = client.submit(name, on: wire) }
            for key in job.openSteps where client.jobs[name]?.id != nil {
                isAnswered = client.step(name, key: key, on: wire) && isAnswered
            }
            #expect(isAnswered)
        }
    }

    /// Lets every job come to its end, and looks at all of them.
    private func finish(
        _ client: inout HistoryClient, _ game: NanoGame, _ expected: GameBits
    ) throws {
        let server = try Server(dataFolder: game.dataFolder.path)
        let checker = HistoryChecker(wire: server.wire, expected: expected)
        try checker.check(&client, isWholeHistory: true)
        retry(&client, on: server.wire)
        let open = client.jobs.filter { $0.value.id != nil && $0.value.finalStatus == nil }
        for (name, job) in open { try bringToItsEnd(name, job, &client, server.wire) }
        try checker.check(&client, isWholeHistory: true)
        checker.checkThatNoEventIsMissing(client)
        let succeeded = client.jobs.values.filter { $0.finalStatus == "succeeded" }
        #expect(succeeded.allSatisfy { $0.areBitsChecked })
        #expect(succeeded.count > Self.kills / 10)
        #expect(server.stop() == 0)
        let report = try Program.run(["verify", "--data-dir", game.dataFolder.path])
        #expect(report.status == 0, "\(report.output)")
    }

    private func bringToItsEnd(
        _ name: String, _ job: KnownJob, _ client: inout HistoryClient, _ wire: Wire
    ) throws {
        let path = "/v1/jobs/\(job.id ?? "")"
        client.jobs[name]?.isPaused = false
        client.jobs[name]?.allowed = job.allowed.lowerBound...NanoGame.iterations
        try wire.require("POST", path + "/resume")
        try wire.require("POST", path + "/step", #"{"iterations": \#(NanoGame.iterations)}"#)
        _ = try Deadline(seconds: 60).wait(for: name, everySeconds: 0.01) {
            let status = try wire.get(path)["status"]?.string ?? ""
            return ["succeeded", "cancelled"].contains(status) ? status : nil
        }
    }
}
