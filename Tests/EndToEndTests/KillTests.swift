import Foundation
import SpinDomain
import Testing

@Suite(.serialized)
struct KillTests {
    /// SIGKILLs a run; the release soak has many more.
    private static let kills = 4

    @Test func aRunThatIsKilledAtRandomMomentsEndsWithTheSameBits() throws {
        let game = try Game()
        let undisturbed = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: undisturbed)
        let started = Date()
        let expected = try hashes(of: try game.submit(to: undisturbed), game, undisturbed)
        let seconds = Date().timeIntervalSince(started)

        var server = undisturbed
        for seed in 1...2 {
            var random = SplitMix(state: UInt64(seed))
            let job = try game.submit(to: server)
            for _ in 0..<Self.kills {
                // A wait by the clock is the point here: any moment must do.
                usleep(UInt32(random.next(below: UInt64(seconds * 0.6 * 1e6))))
                server.kill()
                server = try Server(dataFolder: game.dataFolder.path)
            }
            #expect(try hashes(of: job, game, server) == expected)
            let steps = try server.get("/v1/jobs/\(job)/metrics?format=rows")["data"]?.array ?? []
            #expect(steps.map { $0["step"]?.integer } == Array(0..<18).map(Optional.some))
        }
        #expect(server.stop() == 0)
    }

    @Test func aServerThatIsToldToStopSavesAndGoesOnWithTheSameBits() throws {
        let game = try Game()
        var server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        let expected = try hashes(of: try game.submit(to: server), game, server)
        let job = try game.submit(to: server)
        _ = try Deadline(seconds: 60).wait(for: "the second step") {
            let step = try server.get("/v1/jobs/\(job)")["progress"]?["step"]?.integer ?? 0
            return step >= 2 ? step : nil
        }
        #expect(server.stop() == 0)
        server = try Server(dataFolder: game.dataFolder.path)
        #expect(try hashes(of: job, game, server) == expected)
    }

    /// A restored unfinished job is played on, and no server of the original is needed for it.
    @Test func aRunGoesOnFromABackupWithTheSameBits() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        let expected = try hashes(of: try game.submit(to: server), game, server)
        let job = try game.submit(to: server)
        // The first checkpoint comes after four steps of twelve.
        _ = try Deadline(seconds: 60).wait(for: "a checkpoint of the running job") {
            let found = try server.get("/v1/jobs/\(job)/checkpoints")["data"]?.array
            return found?.first
        }
        let backup = try server.request("POST", "/v1/backup").json()
        #expect(server.stop() == 0)

        let folder = try #require(backup["path"]?.string)
        let verified = try Program.run(["verify", "--data-dir", folder])
        #expect(verified.status == 0, "\(verified.output)")
        let restored = try TemporaryFolder()
        let copy = restored.path + "/data"
        try FileManager.default.copyItem(atPath: folder, toPath: copy)
        try FileManager.default.removeItem(atPath: game.dataFolder.path)
        let second = try Server(dataFolder: copy)
        #expect(try second.get("/v1/jobs/\(job)")["status"]?.string != "succeeded")
        #expect(try hashes(of: job, game, second) == expected)
        #expect(second.stop() == 0)
    }

    /// SHA-256 of every file of a finished job's last checkpoint.
    private func hashes(of job: String, _ game: Game, _ server: Server) throws -> [String: String] {
        _ = try game.wait(for: ["succeeded"], of: job, on: server)
        let newest = try server.get("/v1/jobs/\(job)/checkpoints")["data"]?.array?.first
        let files = try #require(newest?["files"]?.array)
        return Dictionary(
            uniqueKeysWithValues: files.map {
                ($0["name"]?.string ?? "?", $0["sha256"]?.string ?? "?")
            })
    }
}

/// A small seeded generator, so that a failing run can be repeated.
struct SplitMix {
    var state: UInt64

    mutating func next(below bound: UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return (mixed ^ (mixed >> 31)) % max(1, bound)
    }
}
