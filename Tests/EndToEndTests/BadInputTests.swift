import Foundation
import SpinDomain
import Testing

@Suite(.serialized)
struct BadInputTests {
    /// What is submitted, and the field that the answer must name.
    static let configurations: [(document: String, pointer: String)] = [
        (#"{}"#, "/model"), (#"{"model": 3, "dataset": "words"}"#, "/model"),
        (#"{"model": "tinny", "dataset": "words"}"#, "/model"),
        (#"{"model": "tiny", "dataset": "wordz"}"#, "/dataset"),
        (#"{"model": "tiny", "dataset": "words", "modle": 1}"#, "/modle"),
        (
            #"{"model": "tiny", "dataset": "words", "spin": {"max_iterations": 0}}"#,
            "/spin/max_iterations"
        ),
        (
            #"{"model": "tiny", "dataset": "words", "spin": {"max_iterations": 2, "ref_policy_kl_penalty": [0.1]}}"#,
            "/spin/ref_policy_kl_penalty"
        ),
        (
            #"{"model": "tiny", "dataset": "words", "spin": {"ref_policy_kl_penalty": -1}}"#,
            "/spin/ref_policy_kl_penalty"
        ),
        (
            #"{"model": "tiny", "dataset": "words", "train": {"global_batch_size": 8, "micro_batch_size": 3}}"#,
            "/train/micro_batch_size"
        ),
        (
            #"{"model": "tiny", "dataset": "words", "train": {"global_batch_size": 1000}}"#,
            "/train/global_batch_size"
        ),
        (
            #"{"model": "tiny", "dataset": "words", "train": {"max_time": "1 day"}}"#,
            "/train/max_time"
        ),
        (
            #"{"model": "tiny", "dataset": "words", "train": {"val_check_interval": 1.5}}"#,
            "/train/val_check_interval"
        ),
        (#"{"model": "tiny", "dataset": "words", "optim": {"lr": "fast"}}"#, "/optim/lr"),
        (#"{"model": "tiny", "dataset": "words", "optim": {"name": "sgd"}}"#, "/optim/name"),
        (#"{"model": "tiny", "dataset": "words", "optim": {"betas": [0.9]}}"#, "/optim/betas"),
        (
            #"{"model": "tiny", "dataset": "words", "spin": {"sampling_params": {"top_p": 0}}}"#,
            "/spin/sampling_params/top_p"
        ),
        (
            #"{"model": "tiny", "dataset": "words", "spin": {"length_params": {"max_length": 4096}}}"#,
            "/spin/length_params/max_length"
        ),
        (#"{"model": "tiny", "dataset": "words", "seed": 1e99}"#, "/seed"),
        (#"{"model": "tiny", "dataset": "words", "spin": 7}"#, "/spin"),
        (#"{"model": "../../etc/passwd", "dataset": "words"}"#, "/model"),
    ]

    @Test func everyBadConfigurationIsRefusedByFieldAndTheServerLivesOn() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        try game.register(with: server)
        for (document, pointer) in Self.configurations {
            let answer = try server.request(
                "POST", "/v1/jobs", body: Data(document.utf8), type: "application/json")
            #expect(answer.status == 422, "\(document): \(answer.text)")
            let pointers = try answer.json()["errors"]?.array?.map { $0["pointer"]?.string } ?? []
            #expect(pointers.contains(pointer), "\(document): \(answer.text)")
        }
        for text in ["", "{", "[1,2", #"{"a":1,"a":2}"#, "\u{0}", "{\"a\": 01}"] {
            let answer = try server.request(
                "POST", "/v1/jobs", body: Data(text.utf8), type: "application/json")
            #expect((400..<500).contains(answer.status), "\(text.debugDescription): \(answer.text)")
        }
        #expect(try server.get("/v1/jobs")["data"]?.array?.isEmpty == true)
        #expect(server.isRunning)
    }

    @Test func damagedModelsAreRefusedAndTheServerLivesOn() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        let models = game.dataFolder.path + "/models"
        let weights = try Data(
            contentsOf: URL(fileURLWithPath: models + "/tiny-words/model.safetensors"))
        var random = SplitMix(state: 42)
        for trial in 0..<30 {
            let folder = "\(models)/damaged-\(trial)"
            try FileManager.default.copyItem(atPath: models + "/tiny-words", toPath: folder)
            var damaged = weights
            if trial < 10 {
                damaged.removeLast(1 + Int(random.next(below: UInt64(weights.count - 1))))
            } else {
                // The header is where a flipped bit tells lies: its length and its JSON.
                for _ in 0..<3 {
                    damaged[Int(random.next(below: 600))] ^= 1 << UInt8(random.next(below: 8))
                }
            }
            try damaged.write(to: URL(fileURLWithPath: folder + "/model.safetensors"))
            let answer = try server.request(
                "POST", "/v1/models",
                body: Data("{\"name\":\"m\(trial)\",\"path\":\"damaged-\(trial)\"}".utf8),
                type: "application/json")
            #expect((400..<500).contains(answer.status), "trial \(trial): \(answer.text)")
            #expect(server.isRunning, "trial \(trial): \(server.log.suffix(500))")
        }
    }

    @Test func badDataLinesAreNamed() throws {
        let game = try Game()
        let server = try Server(dataFolder: game.dataFolder.path)
        let good = #"{"prompt": "a", "response": "b"}"#
        let bad = [
            "{", "[]", "7", #"{"prompt": "a"}"#, #"{"prompt": 1, "response": "b"}"#,
            #"{"messages": []}"#,
            #"{"messages": [{"role": "user", "content": "x"}]}"#, #"{"question": "a"}"#,
            #"{"prompt_ids": [], "response_ids": [1]}"#,
            #"{"prompt_ids": [1.5], "response_ids": [1]}"#,
            #"{"prompt_ids": [1], "response_ids": "no"}"#, #"{"real": [1]}"#,
            #"{"conversations": {"from": "x"}}"#, "\u{FEFF}nonsense", "null",
        ]
        for line in bad {
            let answer = try server.request(
                "POST", "/v1/datasets?name=d", body: Data("\(good)\n\(line)\n\(good)\n".utf8),
                type: "application/jsonl")
            #expect(answer.status == 422, "\(line): \(answer.text)")
            #expect(answer.text.contains("2"), "\(line): \(answer.text)")
        }
        #expect(try server.get("/v1/datasets")["data"]?.array?.isEmpty == true)
        #expect(server.isRunning)
    }
}
