import Foundation
import SpinDomain
import Testing

/// The real server on a disk that fails, which strace pretends.
@Suite(.serialized)
struct BrokenDiskTests {
    /// What is injected: a call, what becomes of it, and when.
    struct Fault: CustomTestStringConvertible, Sendable {
        var injection: String
        var testDescription: String { injection }
    }

    /// Calls are counted in each thread; `when=3+4` is the third and every fourth after it.
    private static let faults = [
        // The database's syncs fail, once or again and again …
        "fdatasync:error=EIO:when=2", "fdatasync:error=EIO:when=3+4",
        // … the checkpoints' syncs and renames …
        "fsync:error=EIO:when=2", "fsync:error=EIO:when=4+5", "rename:error=EIO:when=3",
        // … writes find no space, or a bad sector, and every sync takes its time.
        "pwrite64:error=ENOSPC:when=5", "pwrite64:error=ENOSPC:when=10+7",
        "pwrite64:error=EIO:when=9", "write:error=ENOSPC:when=5",
        "fsync,fdatasync:delay_exit=5000",
    ].map(Fault.init)

    private static let strace: URL? = {
        guard let strace = Program.find("strace"),
            let trial = try? Program.run(
                ["-f", "--seccomp-bpf", "-o", "/dev/null", "/bin/true"], program: strace),
            trial.status == 0
        else { return nil }
        return strace
    }()

    @Test(
        .enabled(if: strace != nil, "strace is not installed, or may not trace"), arguments: faults)
    func whatWasAcknowledgedIsThereAfterwards(fault: Fault) throws {
        let game = try NanoGame()
        let first = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: first.wire)
        #expect(first.stop() == 0)

        let trace = try TemporaryFolder()
        let acknowledged = try play(on: game, with: fault, trace: trace.path + "/trace")
        let calls = try trace.text("trace")
        #expect(calls.contains("INJECTED") || calls.contains("DELAYED"), "nothing was injected")
        let server = try Server(dataFolder: game.dataFolder.path)
        let wire = server.wire
        let listed = try wire.get("/v1/jobs?limit=100")["data"]?.array ?? []
        let names = listed.compactMap { $0["name"]?.string }
        #expect(Set(names).isSuperset(of: acknowledged))
        #expect(Set(names).count == names.count)
        let expected = try GameBits.undisturbed()
        for job in listed.compactMap({ $0["id"]?.string }) {
            let state = try ended(job, wire)
            // A job fails on a broken disk, and says so; it never succeeds with other bits.
            guard state["status"]?.string == "succeeded" else {
                #expect(state["status_detail"]?.string?.isEmpty == false)
                continue
            }
            let bits = try GameBits(of: job, on: wire)
            #expect(bits == expected)
        }
        #expect(server.stop() == 0)
        let report = try Program.run(["verify", "--data-dir", game.dataFolder.path])
        #expect(report.status == 0, "\(report.output)")
    }

    /// - Returns: the names of the jobs that the server took.
    private func play(
        on game: NanoGame, with fault: Fault, trace: String
    ) throws -> Set<String> {
        let strace = try #require(Self.strace)
        var acknowledged: Set<String> = []
        let calls = fault.injection.prefix { $0 != ":" }
        let server: Server
        do {
            server = try Server(
                dataFolder: game.dataFolder.path, arguments: ["--no-speed-probe"],
                wrapper: (
                    strace,
                    [
                        "-f", "--seccomp-bpf", "-qq", "-o", trace, "-e", "trace=\(calls)",
                        "-e", "inject=\(fault.injection)",
                    ]
                ))
        } catch is Server.Ended {
            // It may refuse to start on such a disk.
            return []
        }
        for name in ["one", "two"] {
            let answer = server.wire.send(
                "POST", "/v1/jobs", NanoGame.configuration(name: name)
            ).answer
            guard let answer else { break }
            #expect([201, 500, 507].contains(answer.status), "\(answer.text)")
            if answer.status == 201 { acknowledged.insert(name) }
            if let job = answer.json["id"]?.string { _ = try? ended(job, server.wire) }
        }
        server.kill()
        return acknowledged
    }

    private func ended(_ job: String, _ wire: Wire) throws -> JSONValue {
        try Deadline(seconds: 60).wait(for: "the end of \(job)", everySeconds: 0.02) {
            let state = try wire.get("/v1/jobs/\(job)")
            return ["succeeded", "failed"].contains(state["status"]?.string) ? state : nil
        }
    }
}
