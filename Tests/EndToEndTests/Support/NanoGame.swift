import Foundation
import SpinDomain
import Testing

/// The smallest model that plays, and eight rows: a game takes a tenth of a second.
struct NanoGame {
    /// Three iterations of two steps, with a checkpoint after each step.
    static let steps = 6
    static let iterations = 3

    let dataFolder: TemporaryFolder

    init() throws {
        dataFolder = try TemporaryFolder()
        let made = try Program.run([
            "new-model", dataFolder.path + "/models/nano", "--layers", "1", "--channels", "16",
            "--heads", "2", "--feed-forward", "32", "--context", "32",
        ])
        try #require(made.status == 0, "\(made.errors)")
    }

    func register(with wire: Wire) throws {
        let rows = (0..<8).map { #"{"prompt":"q\#($0)","response":"a\#($0 * 7 % 5)"}"# + "\n" }
        let model = try wire.require("POST", "/v1/models", #"{"name":"nano","path":"nano"}"#)
        #expect(model.status == 201, "\(model.text)")
        let dataset = try wire.require(
            "POST", "/v1/datasets?name=rows", rows.joined(), type: "application/jsonl")
        #expect(dataset.status == 201, "\(dataset.text)")
    }

    static func configuration(name: String, isManual: Bool = false) -> String {
        """
        {"name": "\(name)", "model": "nano", "dataset": "rows", "seed": 7,
         "mode": "\(isManual ? "manual" : "auto")",
         "spin": {"max_iterations": \(iterations), "rollout_micro_batch_size": 8,
                  "length_params": {"max_length": 4}},
         "train": {"global_batch_size": 4, "micro_batch_size": 4, "max_seq_length": 32,
                   "save_interval": 1},
         "optim": {"lr": 1e-3}, "checkpoint": {"keep": 2, "monitor": "step"}}
        """
    }

    /// Submits a job that must be taken, and returns its id.
    static func submit(_ name: String, isManual: Bool = false, to wire: Wire) throws -> String {
        let answer = try wire.require(
            "POST", "/v1/jobs", configuration(name: name, isManual: isManual))
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["id"]?.string)
    }

    /// - Throws: when the job ends otherwise.
    @discardableResult
    static func wait(
        for status: String, of job: String, on wire: Wire, seconds: Double = 60
    ) throws -> JSONValue {
        try Deadline(seconds: seconds).wait(for: "\(job) to be \(status)", everySeconds: 0.01) {
            let state = try wire.get("/v1/jobs/\(job)")
            if state["status"]?.string == status { return state }
            guard !["failed", "cancelled", "succeeded"].contains(state["status"]?.string) else {
                throw Deadline.Missed(what: state.text)
            }
            return .none
        }
    }
}

/// All that a game leaves that depends on no clock: the bits of its metrics and of its last
/// checkpoint.
struct GameBits: Equatable {
    private static let timed: Set<String> = [
        "step_time", "tokens_per_second", "rollout_tokens_per_second",
        "reference_tokens_per_second", "mfu", "resident_bytes", "peak_resident_bytes",
    ]

    var metrics: [String]
    var digests: [String]

    init(of job: String, on wire: Wire) throws {
        let rows = try wire.get("/v1/jobs/\(job)/metrics?format=rows")["data"]?.array ?? []
        metrics = rows.map { row in
            let members = row.object?.members ?? []
            return members.filter { !Self.timed.contains($0.key) }
                .map { "\($0.key) \($0.value.text)" }.joined(separator: ", ")
        }
        let checkpoints = try wire.get("/v1/jobs/\(job)/checkpoints")["data"]?.array
        digests = (checkpoints?.first?["files"]?.array ?? []).map {
            "\($0["name"]?.string ?? "?") \($0["sha256"]?.string ?? "?")"
        }
    }

    var isWhole: Bool { metrics.count == NanoGame.steps && digests.count > 2 }

    /// Of a game that nobody disturbs.
    static func undisturbed() throws -> GameBits { try reference.get() }

    private static let reference = Result {
        let game = try NanoGame()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server.wire)
        let job = try NanoGame.submit("undisturbed", to: server.wire)
        try NanoGame.wait(for: "succeeded", of: job, on: server.wire)
        return try GameBits(of: job, on: server.wire)
    }
}
