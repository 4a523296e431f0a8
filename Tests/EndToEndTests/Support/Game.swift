import Foundation
import SpinDomain
import Testing

/// The embedded model with a few rows of its data, registered with a server.
struct Game {
    let dataFolder: TemporaryFolder
    private let demo: TemporaryFolder

    init() throws {
        dataFolder = try TemporaryFolder()
        demo = try TemporaryFolder()
        #expect(try Program.run(["demo", demo.path]).status == 0)
        try FileManager.default.createDirectory(
            atPath: dataFolder.path + "/models", withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: demo.path + "/tiny-words", toPath: dataFolder.path + "/models/tiny-words")
    }

    func rows(_ count: Int, of file: String) throws -> Data {
        let lines = try demo.text(file).split(separator: "\n").prefix(count)
        return Data((lines.joined(separator: "\n") + "\n").utf8)
    }

    func register(with server: Server, rows count: Int = 96) throws {
        let model = try server.request(
            "POST", "/v1/models", body: Data(#"{"name":"tiny","path":"tiny-words"}"#.utf8),
            type: "application/json")
        #expect(model.status == 201, "\(model.text)")
        for (name, file) in [("words", "train.jsonl"), ("check", "validation.jsonl")] {
            let answer = try server.request(
                "POST", "/v1/datasets?name=\(name)", body: try rows(count, of: file),
                type: "application/jsonl")
            #expect(answer.status == 201, "\(answer.text)")
        }
    }

    /// Two iterations of six steps, with a checkpoint every four.
    static let configuration = """
        name: small
        model: tiny
        dataset: words
        validation_dataset: check
        seed: 7
        spin:
          max_iterations: 2
          max_epochs: 2
          ref_policy_kl_penalty: [0.5, 1.0]
          rollout_micro_batch_size: 16
          length_params: {max_length: 14}
          previous_iterations: 1
        train: {global_batch_size: 32, micro_batch_size: 16, max_seq_length: 64, save_interval: 4}
        optim: {lr: 1.0e-4, sched: {name: linear, warmup_steps: 2}}
        checkpoint: {keep: -1}
        """

    func submit(_ configuration: String = configuration, to server: Server) throws -> String {
        let answer = try server.request(
            "POST", "/v1/jobs", body: Data(configuration.utf8), type: "application/yaml")
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(try answer.json()["id"]?.string)
    }

    /// Waits for a status; fails when the job ends in another one.
    func wait(
        for statuses: Set<String>, of job: String, on server: Server, seconds: Double = 180
    ) throws -> JSONValue {
        try Deadline(seconds: seconds).wait(for: "\(job) to be \(statuses)") {
            let state = try server.get("/v1/jobs/\(job)")
            let status = state["status"]?.string ?? "?"
            if statuses.contains(status) { return state }
            guard !["failed", "cancelled"].contains(status) else {
                throw Deadline.Missed(what: state.text)
            }
            return .none
        }
    }
}
