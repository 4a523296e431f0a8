import Foundation
import SpinDomain
import Testing

/// A job from its submission to its model, by nothing but commands.
@Suite(.timeLimit(.minutes(2)))
struct CommandLineTests {
    private let game: NanoGame
    private let server: Server
    private let spind: Commands

    init() throws {
        game = try NanoGame()
        server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server.wire)
        spind = Commands(server.url)
    }

    private func json(_ text: String) throws -> JSONValue { try JSONParser.parse(text.utf8) }

    @Test func aJobIsSubmittedFollowedAndLookedAt() throws {
        let file = game.dataFolder.path + "/job.yaml"
        try Data(NanoGame.configuration(name: "x").utf8).write(to: URL(fileURLWithPath: file))
        let checked = try spind.require("submit", file, "--validate-only")
        #expect(checked.contains("valid: 8 rows") && checked.contains("of memory"))
        #expect(try spind.require("list") == "no jobs\n")

        let submitted = try spind.run("submit", file, "--set", "name=by hand", "--follow")
        #expect(submitted.status == 0, "\(submitted.errors)")
        let job = String(submitted.output.prefix { $0 != "\n" })
        #expect(job.hasPrefix("job_") && submitted.output.contains("job.succeeded"))
        #expect(submitted.errors.contains("succeeded after 6 steps; next: spind pull \(job)"))

        let list = try spind.require("ls")
        #expect(list.contains(job) && list.contains("by hand") && list.contains("100 %"))
        #expect(try spind.require("list", "--quiet", "--status", "succeeded") == job + "\n")
        let show = try spind.require("show", "by hand")
        #expect(show.contains("step      6/6") && show.contains("KL PENALTY"))
        #expect(try json(try spind.require("show", job, "--json"))["id"]?.string == job)
        let again = try spind.require("show", String(job.prefix(12)), "--configuration")
        #expect(try spind.require("submit", "-", "--validate-only", input: again) == checked)

        #expect(try spind.require("samples", job, "--limit", "2").contains("generated"))
        #expect(try spind.require("samples", job).contains("sample 2.0"), "of the last iteration")
        let events = try spind.require("events", job, "--follow")
        #expect(events.contains("job.created") && events.contains("job.succeeded"))
        let lines = try spind.require("events", "--json").split(separator: "\n")
        #expect(try json(String(lines[0]))["type"]?.string == "job.created")
    }

    @Test func metricsComeInEveryForm() throws {
        let job = try spind.submit("numbers")
        #expect(try spind.run("watch", job).status == 0)
        let chart = try spind.require("metrics", job)
        #expect(chart.contains("loss") && chart.contains("█"))
        let table = try spind.require("metrics", job, "--format", "table", "--names", "loss,lr")
        #expect(table.split(separator: "\n").count == 1 + NanoGame.steps)
        let csv = try spind.require("metrics", job, "--format", "csv")
        let served = try server.request("GET", "/v1/jobs/\(job)/metrics?format=csv").text
        #expect(csv.filter { $0 != "\r\n" } == served.filter { $0 != "\r\n" })
        #expect(csv.split(whereSeparator: \.isNewline).count == 1 + NanoGame.steps)
        let lines = try spind.require(
            "metrics", job, "--format", "ndjson", "--after-step", "1", "--limit", "2")
        let steps = try lines.split(separator: "\n").map { try json(String($0))["step"]?.integer }
        #expect(steps == [2, 3])
        let page = try spind.require("metrics", job, "--json", "--names", "loss", "--limit", "4")
        #expect(
            page == (try server.request("GET", "/v1/jobs/\(job)/metrics?names=loss&limit=4").text))
    }

    @Test func aCheckpointIsPulledAsItIs() throws {
        let job = try spind.submit("model")
        #expect(try spind.run("watch", job).status == 0)
        let served = try server.get("/v1/jobs/\(job)/checkpoints")["data"]?.array ?? []
        let newest = try #require(served.first)
        let id = try #require(newest["id"]?.string)
        let table = try spind.require("checkpoints", job).split(separator: "\n")
        #expect(table.count == 1 + served.count && table[1].hasPrefix(id))

        let folder = try TemporaryFolder()
        let target = folder.path + "/out"
        #expect(try spind.require("pull", job, target).contains(id))
        let names = try FileManager.default.contentsOfDirectory(atPath: target)
        #expect(Set(names) == Set(newest["files"]?.array?.compactMap { $0["name"]?.string } ?? []))
        for file in newest["files"]?.array ?? [] {
            let path = target + "/" + (file["name"]?.string ?? "")
            let sum = try Program.run([path], program: try #require(Program.find("sha256sum")))
            #expect(sum.output.hasPrefix(file["sha256"]?.string ?? "?"))
        }
        #expect(try spind.run("pull", id, target).status == 0, "what is there is left alone")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: target + "/config.json"))
        let refused = try spind.run("pull", id, target)
        #expect(refused.status == 1 && refused.errors.contains("--replace"))
        #expect(try spind.run("pull", id, target, "--replace").status == 0)

        let weights = folder.path + "/weights"
        _ = try spind.require("pull", job, weights, "--weights-only", "--best")
        let kept = try FileManager.default.contentsOfDirectory(atPath: weights)
        #expect(kept.contains("model.safetensors") && !kept.contains("optimizer.safetensors"))
    }

    @Test func aManualJobIsSteered() throws {
        let waiting = try spind.run(
            "submit", "-", "--wait", input: NanoGame.configuration(name: "hand", isManual: true))
        #expect(waiting.status == 4 && waiting.errors.contains("spind step"))
        let job = waiting.output.trimmingCharacters(in: .newlines)
        #expect(try spind.require("step", job, "--steps", "1").hasPrefix("\(job) "))
        #expect(try spind.run("watch", "hand", "--until-idle").status == 4)
        #expect(try spind.require("show", job).contains("step      1/6"))

        #expect(try spind.require("pause", job).contains("paused"))
        #expect(try spind.require("resume", job).contains("waiting"))
        let other = try spind.submit("other", isManual: true)
        #expect(try spind.require("cancel", job, "other").split(separator: "\n").count == 2)
        #expect(try spind.run("watch", job).status == 3)
        #expect(try spind.require("retry", other, "--json").contains("\"status\""))
        _ = try spind.require("step", other, "--iterations", "3")
        #expect(try spind.run("watch", other).status == 0)
        let late = try spind.run("pause", other)
        #expect(late.status == 1 && late.errors.contains("succeeded"))
    }

    @Test func oneKeyIsOneJob() throws {
        let configuration = NanoGame.configuration(name: "once", isManual: true)
        func submit(_ configuration: String) throws -> Program.Result {
            try spind.run("submit", "-", "--idempotency-key", "k1", input: configuration)
        }
        let first = try submit(configuration)
        #expect(try submit(configuration).output == first.output)
        #expect(try submit(NanoGame.configuration(name: "other")).status == 1)
        #expect(try spind.require("list", "--quiet") == first.output)
    }
}
