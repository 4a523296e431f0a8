import DurableFiles
import Foundation
import SpinDomain
import Testing

/// Ends the server at every named place of its protocols, and looks at what is left.
@Suite(.serialized)
struct FailpointTests {
    /// What a client does until the server is gone, and what it was told.
    private struct Session {
        /// Ids by key, of the submissions that were acknowledged.
        var jobs: [String: String] = [:]
        var acknowledgedSteps = 0
        var isDeletionAcknowledged = false
        /// Folder of a backup that was acknowledged.
        var backup: String?

        /// - Returns: whether the server is still there.
        mutating func play(on wire: Wire) -> Bool {
            for key in ["auto", "manual", "short"] {
                guard submit(key, to: wire) else { return false }
            }
            guard step(on: wire), delete(on: wire), finish(on: wire) else { return false }
            guard let answer = wire.send("POST", "/v1/backup").answer else { return false }
            #expect(answer.status == 201, "\(answer.text)")
            backup = answer.json["path"]?.string
            return true
        }

        mutating func submit(_ key: String, to wire: Wire) -> Bool {
            let body = NanoGame.configuration(name: key, isManual: key != "auto")
            guard let answer = wire.send("POST", "/v1/jobs", body, key: key).answer else {
                return false
            }
            #expect(answer.status == 201, "\(answer.text)")
            if let earlier = jobs[key] { #expect(answer.json["id"]?.string == earlier) }
            jobs[key] = answer.json["id"]?.string
            return true
        }

        mutating func step(on wire: Wire) -> Bool {
            let path = "/v1/jobs/\(jobs["manual"] ?? "")/step"
            let body = #"{"iterations": 2}"#
            guard let answer = wire.send("POST", path, body, key: "step").answer else {
                return false
            }
            #expect(answer.status == 202, "\(answer.text)")
            acknowledgedSteps = 2
            return true
        }

        mutating func delete(on wire: Wire) -> Bool {
            let path = "/v1/jobs/\(jobs["short"] ?? "")"
            guard let answer = wire.send("DELETE", path).answer else { return false }
            #expect(answer.status == 204, "\(answer.text)")
            isDeletionAcknowledged = true
            return true
        }

        func finish(on wire: Wire) -> Bool {
            for (key, end) in [("auto", "succeeded"), ("manual", "waiting")] {
                let isThere =
                    try? NanoGame.wait(for: end, of: jobs[key] ?? "", on: wire)
                guard isThere != nil else { return false }
            }
            return true
        }
    }

    /// Places that are passed often are tried early and late.
    private static let places: [(Failpoint, Int)] = {
        let once: [Failpoint] = [
            .migrationInside, .migrationStored, .submissionInside, .submissionStored, .stepAllowed,
            .deletionStored, .recovered, .runsRequeued, .backupDatabaseWritten,
            .backupFilesWritten, .backupPublished,
        ]
        let often = Failpoint.allCases.filter { !once.contains($0) }
        return once.map { ($0, 1) } + often.flatMap { [($0, 1), ($0, 3)] }
    }()

    @Test(arguments: places)
    func nothingAcknowledgedIsLostAtA(failpoint: Failpoint, pass: Int) throws {
        let game = try NanoGame()
        var session = Session()
        try playUntilTheEnd(at: "\(failpoint.rawValue):\(pass)", game, &session)
        let server = try Server(dataFolder: game.dataFolder.path)
        try check(&session, game, server)
        #expect(server.stop() == 0)
        let report = try Program.run(["verify", "--data-dir", game.dataFolder.path])
        #expect(report.status == 0, "\(report.output)")
    }

    /// Registers first without the failpoint, unless that is where it strikes.
    private func playUntilTheEnd(
        at failpoint: String, _ game: NanoGame, _ session: inout Session
    ) throws {
        let environment = ["SPIND_FAILPOINT": failpoint]
        let folder = game.dataFolder.path
        if !failpoint.hasPrefix("migration") {
            let first = try Server(dataFolder: folder)
            try game.register(with: first.wire)
            // Something for the next start to put right.
            _ = session.submit("auto", to: first.wire)
            first.kill()
        }
        do {
            let server = try Server(dataFolder: folder, environment: environment)
            let isStillThere = session.play(on: server.wire)
            #expect(!isStillThere, "\(failpoint) was not passed")
            server.waitForEnd()
            #expect(server.wasKilled)
        } catch let ended as Server.Ended {
            #expect(ended.wasKilled, "\(ended.log)")
        }
    }

    private func check(_ session: inout Session, _ game: NanoGame, _ server: Server) throws {
        let wire = server.wire
        if try wire.get("/v1/models")["data"]?.array?.isEmpty == true {
            try game.register(with: wire)
        }
        let names = try wire.get("/v1/jobs")["data"]?.array?.compactMap { $0["name"]?.string }
        #expect(Set(names ?? []).count == names?.count, "no job is there twice")
        try checkDeletion(session, wire)
        // The same requests once more end where one undisturbed session would have ended.
        for key in ["auto", "manual"] {
            let isAnswered = session.submit(key, to: wire)
            #expect(isAnswered)
        }
        let manual = try wire.get("/v1/jobs/\(session.jobs["manual"] ?? "")")
        let allowed = manual["allowed_iterations"]?.integer
        #expect(allowed == 2 || (allowed == 0 && session.acknowledgedSteps == 0))
        let isStepAnswered = session.step(on: wire)
        #expect(isStepAnswered)
        #expect(session.finish(on: wire))
        #expect(
            try wire.get("/v1/jobs/\(session.jobs["manual"] ?? "")")["allowed_iterations"]?.integer
                == 2)
        let bits = try GameBits(of: session.jobs["auto"] ?? "", on: wire)
        let expected = try GameBits.undisturbed()
        #expect(bits == expected && bits.isWhole)
        try checkFiles(session, game, wire)
    }

    private func checkDeletion(_ session: Session, _ wire: Wire) throws {
        guard let short = session.jobs["short"] else { return }
        let status = try wire.require("GET", "/v1/jobs/\(short)").status
        #expect(status == 404 || (status == 200 && !session.isDeletionAcknowledged))
    }

    private func checkFiles(_ session: Session, _ game: NanoGame, _ wire: Wire) throws {
        let folder = game.dataFolder.path
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder + "/checkpoints")
        #expect(names.filter { $0.contains(".partial") } == [])
        let backups =
            (try? FileManager.default.contentsOfDirectory(atPath: folder + "/backups")) ?? []
        #expect(session.backup == nil || backups.count == 1)
        // What is there under whatever name is whole.
        for name in backups {
            let report = try Program.run(["verify", "--data-dir", folder + "/backups/" + name])
            #expect(report.status == 0, "\(report.output)")
        }
    }

    @Test func anUnknownFailpointIsRefused() throws {
        let folder = try TemporaryFolder()
        let result = try Program.run(
            ["serve", "--data-dir", folder.path, "--port", "0"],
            environment: ["SPIND_FAILPOINT": "nowhere"])
        #expect(result.status != 0)
        #expect(result.errors.contains("checkpoint-written"))
    }
}
