import Foundation
import SpinDomain
import Testing

/// The machine's clock jumps between two runs of the server.
@Suite(.serialized)
struct ClockTests {
    @Test(.enabled(if: Program.find("faketime") != nil, "faketime is not installed"))
    func aJobGoesOnThroughYearsForthAndBack() throws {
        let faketime = try #require(Program.find("faketime"))
        let game = try NanoGame()
        var job = ""
        for (round, offset) in ["+0", "+365d", "-365d", "+0"].enumerated() {
            let server = try Server(
                dataFolder: game.dataFolder.path, arguments: ["--no-speed-probe"],
                wrapper: (faketime, ["-m", "-f", offset]))
            let wire = server.wire
            if round == 0 {
                try game.register(with: wire)
                job = try NanoGame.submit("through time", isManual: true, to: wire)
            }
            if round < 3 {
                #expect(try wire.require("POST", "/v1/jobs/\(job)/step").status == 202)
                let end = round == 2 ? "succeeded" : "waiting"
                try NanoGame.wait(for: end, of: job, on: wire)
            }
            #expect(server.stop() == 0)
        }
        let server = try Server(dataFolder: game.dataFolder.path)
        let bits = try GameBits(of: job, on: server.wire)
        let expected = try GameBits.undisturbed()
        #expect(bits == expected)
        let events = try server.wire.get("/v1/jobs/\(job)/events?limit=1000")["data"]?.array ?? []
        let sequences = events.compactMap { $0["sequence"]?.integer }
        #expect(sequences == sequences.sorted() && sequences.count > 10)
    }
}
