import SpinDomain
import Testing

struct JobConfigurationTests {
    private func read(_ text: String) throws -> JobConfiguration {
        try JobConfiguration(json: JSONParser.parse(text.utf8))
    }

    /// The problems of a configuration that has what is required, and one more member.
    private func problems(with member: String) -> [SpinError.FieldProblem] {
        do {
            _ = try read(#"{"model":"m","dataset":"d",\#(member)}"#)
            return []
        } catch let error as SpinError where error.code == .invalid {
            return error.problems
        } catch {
            Issue.record("\(error)")
            return []
        }
    }

    @Test func whatIsLeftOutTakesItsDefault() throws {
        let configuration = try read(#"{"model":"m","dataset":"d"}"#)
        #expect(configuration == JobConfiguration(name: "untitled", model: "m", dataset: "d"))
        #expect(configuration.spin.maxIterations == 3)
        #expect(configuration.spin.refPolicyKLPenalty == .constant(0.1))
        #expect(configuration.train.maxSteps == nil)
        #expect(configuration.optim.learningRate == .constant(5e-7))
        #expect(configuration.checkpoint.keep == 3)
    }

    @Test func aConfigurationComesBackAsItWasWritten() throws {
        var configuration = JobConfiguration(name: "full", model: "m", dataset: "d")
        configuration.method = .sft
        configuration.validationDataset = "v"
        configuration.mode = .manual
        configuration.seed = 7
        configuration.labels = ["team": "a", "note": "ü"]
        configuration.spin.maxIterations = 2
        configuration.spin.refPolicyKLPenalty = .list([0.1, 5])
        configuration.spin.samplingParams.endStrings = ["\n\n"]
        configuration.spin.truncated = .dropPair
        configuration.spin.verifyReference = true
        configuration.spin.klPairs = 3
        configuration.train.gradientClipVal = nil
        configuration.train.maxSteps = 12
        configuration.train.limitTrainBatches = .count(1)
        configuration.train.valCheckInterval = nil
        configuration.train.saveInterval = 5
        configuration.train.maxTimeSeconds = 93_784
        configuration.optim.name = .rmsprop
        configuration.optim.learningRate = .list([5e-7, 1e-7])
        configuration.optim.betas = (0, 0.5)
        configuration.optim.sched.warmupSteps = 3
        configuration.checkpoint.keep = nil
        configuration.checkpoint.monitor = .step
        #expect(try read(configuration.json.text) == configuration)
    }

    @Test func aCountAndAShareDiffer() throws {
        let count = try read(#"{"model":"m","dataset":"d","train":{"val_check_interval":1}}"#)
        let share = try read(#"{"model":"m","dataset":"d","train":{"val_check_interval":1.0}}"#)
        #expect(count.train.valCheckInterval == .count(1))
        #expect(share.train.valCheckInterval == .fraction(1))
    }

    @Test func theDefaultMicroBatchGivesWayToTheGlobalBatch() throws {
        let text = #"{"model":"m","dataset":"d","train":{"global_batch_size":6}}"#
        #expect(try read(text).train.microBatchSize == 3)
    }

    @Test func theWordsForNoneReadAsNone() throws {
        let train = try read(
            """
            {"model":"m","dataset":"d","spin":null,"train":{"gradient_clip_val":0,"max_steps":-1,
            "save_interval":0,"val_check_interval":0,"max_time":null},"checkpoint":{"keep":-1}}
            """)
        #expect(train.train.gradientClipVal == nil)
        #expect(train.train.maxSteps == nil)
        #expect(train.train.saveInterval == nil)
        #expect(train.train.valCheckInterval == nil)
        #expect(train.checkpoint.keep == nil)
    }

    @Test(arguments: [
        (#""name":"""#, "/name"), (#""name":5"#, "/name"), (#""name":"a\nb""#, "/name"),
        (#""method":"dpo""#, "/method"), (#""method":1"#, "/method"), (#""mode":"step""#, "/mode"),
        (#""mode":null"#, "/mode"), (#""validation_dataset":[]"#, "/validation_dataset"),
        (#""seed":-1"#, "/seed"), (#""seed":1.5"#, "/seed"), (#""seed":9007199254740993"#, "/seed"),
        (#""labels":[]"#, "/labels"), (#""labels":{"a":1}"#, "/labels"), (#""spin":[]"#, "/spin"),
        (#""spin":"x""#, "/spin"), (#""train":3"#, "/train"), (#""optim":true"#, "/optim"),
        (#""optim":{"sched":[]}"#, "/optim/sched"), (#""colour":1"#, "/colour"),
        (#""a/b~c":1"#, "/a~1b~0c"),
        (#""spin":{"max_iterations":0}"#, "/spin/max_iterations"),
        (#""spin":{"max_iterations":1e3}"#, "/spin/max_iterations"),
        (#""spin":{"max_epochs":"2"}"#, "/spin/max_epochs"),
        (#""spin":{"ref_policy_kl_penalty":0}"#, "/spin/ref_policy_kl_penalty"),
        (#""spin":{"ref_policy_kl_penalty":[0.1]}"#, "/spin/ref_policy_kl_penalty"),
        (#""spin":{"ref_policy_kl_penalty":[0.1,"x",1]}"#, "/spin/ref_policy_kl_penalty"),
        (#""spin":{"ref_policy_kl_penalty":[]}"#, "/spin/ref_policy_kl_penalty"),
        (#""spin":{"rollout_micro_batch_size":0}"#, "/spin/rollout_micro_batch_size"),
        (#""spin":{"offload_adam_states":1}"#, "/spin/offload_adam_states"),
        (#""spin":{"loss":"sigmoidal"}"#, "/spin/loss"),
        (#""spin":{"previous_iterations":2}"#, "/spin/previous_iterations"),
        (#""spin":{"sft_loss_weight":-0.1}"#, "/spin/sft_loss_weight"),
        (#""spin":{"length_params":{"max_length":0}}"#, "/spin/length_params/max_length"),
        (
            #""spin":{"length_params":{"max_length":4,"min_length":5}}"#,
            "/spin/length_params/min_length"
        ),
        (
            #""spin":{"sampling_params":{"temperature":0}}"#,
            "/spin/sampling_params/temperature"
        ),
        (#""spin":{"sampling_params":{"top_p":1.01}}"#, "/spin/sampling_params/top_p"),
        (#""spin":{"sampling_params":{"top_k":-1}}"#, "/spin/sampling_params/top_k"),
        (
            #""spin":{"sampling_params":{"end_strings":"\n"}}"#,
            "/spin/sampling_params/end_strings"
        ),
        (
            #""spin":{"sampling_params":{"end_strings":[""]}}"#,
            "/spin/sampling_params/end_strings"
        ),
        (#""train":{"global_batch_size":0}"#, "/train/global_batch_size"),
        (#""train":{"micro_batch_size":3}"#, "/train/micro_batch_size"),
        (#""train":{"max_seq_length":1}"#, "/train/max_seq_length"),
        (#""train":{"gradient_clip_val":-1}"#, "/train/gradient_clip_val"),
        (#""train":{"max_steps":0}"#, "/train/max_steps"),
        (#""train":{"limit_train_batches":0}"#, "/train/limit_train_batches"),
        (#""train":{"limit_train_batches":1.5}"#, "/train/limit_train_batches"),
        (#""train":{"limit_val_batches":-1}"#, "/train/limit_val_batches"),
        (#""train":{"save_interval":-2}"#, "/train/save_interval"),
        (#""train":{"max_time":"1:00"}"#, "/train/max_time"),
        (#""train":{"max_time":90}"#, "/train/max_time"),
        (#""optim":{"name":"sgd"}"#, "/optim/name"), (#""optim":{"lr":-1}"#, "/optim/lr"),
        (#""optim":{"lr":[1e-7,1e-7]}"#, "/optim/lr"),
        (#""optim":{"betas":[0.9]}"#, "/optim/betas"),
        (#""optim":{"betas":[0.9,1]}"#, "/optim/betas"), (#""optim":{"eps":0}"#, "/optim/eps"),
        (#""optim":{"alpha":1}"#, "/optim/alpha"),
        (#""optim":{"sched":{"warmup_ratio":2}}"#, "/optim/sched/warmup_ratio"),
        (#""optim":{"sched":{"warmup_steps":-1}}"#, "/optim/sched/warmup_steps"),
        (#""optim":{"sched":{"name":"cos"}}"#, "/optim/sched/name"),
        (#""checkpoint":{"keep":0}"#, "/checkpoint/keep"),
        (#""checkpoint":{"monitor":"loss"}"#, "/checkpoint/monitor"),
    ])
    func oneBadFieldIsOneProblemAtItsPointer(member: String, pointer: String) {
        #expect(problems(with: member).map(\.pointer) == [pointer])
    }

    @Test(arguments: [
        (#""modle":"m""#, "did you mean 'model'?"), (#""spni":{}"#, "did you mean 'spin'?"),
        (#""spin":{"max_iteration":1}"#, "did you mean 'max_iterations'?"),
        (#""optim":{"learning_rate":1}"#, "known here: name, lr"),
        (#""spin":{"loss":"sigmod"}"#, "did you mean 'sigmoid'?"),
        (#""train":{"microbatch_size":1}"#, "did you mean 'micro_batch_size'?"),
    ])
    func aWordThatIsNearlyRightIsSuggested(member: String, suggestion: String) {
        let details = problems(with: member).map(\.detail)
        #expect(details.count == 1 && details[0].contains(suggestion), "\(details)")
    }

    @Test func everyProblemIsReportedAtOnce() {
        let error = #expect(throws: SpinError.self) {
            try read(
                """
                {"colour":1,"spin":{"max_epochs":0,"sampling_params":{"top_p":7}},
                "optim":{"sched":{"scope":"x"}},"checkpoint":{"keep":0}}
                """)
        }
        let pointers: Set = [
            "/model", "/dataset", "/colour", "/spin/max_epochs", "/spin/sampling_params/top_p",
            "/optim/sched/scope", "/checkpoint/keep",
        ]
        #expect(Set(error?.problems.map(\.pointer) ?? []) == pointers)
        #expect(error?.message == "the configuration is not valid: 7 problems")
    }

    @Test(arguments: ["[]", "null", "1", "\"model\""])
    func aDocumentThatIsNoObjectIsOneProblem(text: String) {
        let error = #expect(throws: SpinError.self) { try read(text) }
        #expect(error?.problems.map(\.pointer) == [""])
    }
}
