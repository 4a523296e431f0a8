extension JobConfiguration {
    /// Reads and checks a whole configuration.
    ///
    /// What can be known without the model and the data set is checked here; `SelfPlayEngine.check`
    /// does the rest.
    /// - Throws: `invalid` with every problem at once.
    public init(json: JSONValue) throws {
        guard json.object != nil else {
            throw SpinError.invalid(
                "the configuration",
                problems: [.init(pointer: "", detail: "expected an object, found \(json.kind)")])
        }
        var reader = FieldReader(json, pointer: "")
        self.init(
            name: reader.string("name", maximumLength: 100) ?? "untitled",
            model: Self.required("model", &reader), dataset: Self.required("dataset", &reader))
        reader.choice("method", &method)
        validationDataset = reader.string("validation_dataset")
        reader.choice("mode", &mode)
        var seed = Int(self.seed)
        reader.integer("seed", &seed, in: 0...Int(1) << 53)
        self.seed = UInt64(seed)
        readLabels(&reader)
        reader.integer("priority", &priority, in: -1000...1000)
        var problems: [SpinError.FieldProblem] = []
        problems += spin.read(reader.value("spin"))
        problems += train.read(reader.value("train"))
        problems += optim.read(reader.value("optim"), iterations: spin.maxIterations)
        problems += checkpoint.read(reader.value("checkpoint"))
        problems += alerts.read(reader.value("alerts"))
        if spin.earlyStop != nil, validationDataset == nil {
            problems.append(
                .init(pointer: "/spin/early_stop", detail: "needs a validation_dataset"))
        }
        problems = reader.finish() + problems
        guard problems.isEmpty else {
            throw SpinError.invalid("the configuration", problems: problems)
        }
    }

    private static func required(_ key: String, _ reader: inout FieldReader) -> String {
        let before = reader.problems.count
        if let text = reader.string(key) { return text }
        if reader.problems.count == before { reader.fail(key, "is required") }
        return ""
    }

    private mutating func readLabels(_ reader: inout FieldReader) {
        guard let value = reader.present("labels") else { return }
        guard let object = value.object, object.members.count <= 16 else {
            return reader.fail("labels", "expected an object of at most 16 strings")
        }
        for (key, value) in object.members {
            guard let text = value.string, key.utf8.count <= 64, text.utf8.count <= 512 else {
                reader.fail("labels", "'\(key)': expected a string of at most 512 bytes")
                continue
            }
            labels[key] = text
        }
    }
}

extension SpinOptions {
    fileprivate mutating func read(_ value: JSONValue?) -> [SpinError.FieldProblem] {
        var reader = FieldReader(value, pointer: "/spin")
        reader.integer("max_iterations", &maxIterations, in: 1...10_000)
        reader.integer("max_epochs", &maxEpochs, in: 1...10_000)
        reader.perIteration(
            "ref_policy_kl_penalty", &refPolicyKLPenalty, in: 1e-6...1e6,
            iterations: maxIterations)
        reader.integer("rollout_micro_batch_size", &rolloutMicroBatchSize, in: 1...4096)
        reader.integer(
            "log_prob_forward_micro_batch_size", &logProbForwardMicroBatchSize, in: 1...4096)
        reader.bool("offload_adam_states", &offloadAdamStates)
        reader.choice("loss", &loss)
        reader.choice("mask_mode", &maskMode)
        reader.choice("regenerate", &regenerate)
        reader.integer("previous_iterations", &previousIterations, in: 0...1)
        reader.number("sft_loss_weight", &sftLossWeight, in: 0...1e6)
        reader.choice("truncated", &truncated)
        reader.bool("verify_reference", &verifyReference)
        reader.integer("kl_pairs", &klPairs, in: 0...100_000)
        reader.integer("early_stop", &earlyStop, in: 1...10_000, none: nil)
        let lengths = lengthParams.read(reader.value("length_params"))
        let sampling = samplingParams.read(reader.value("sampling_params"))
        return reader.finish() + lengths + sampling
    }
}

extension LengthOptions {
    fileprivate mutating func read(_ value: JSONValue?) -> [SpinError.FieldProblem] {
        var reader = FieldReader(value, pointer: "/spin/length_params")
        reader.integer("max_length", &maxLength, in: 1...1_000_000)
        reader.integer("min_length", &minLength, in: 0...1_000_000)
        if minLength > maxLength {
            reader.fail("min_length", "\(minLength) is more than max_length, \(maxLength)")
        }
        return reader.finish()
    }
}

extension SamplingOptions {
    fileprivate mutating func read(_ value: JSONValue?) -> [SpinError.FieldProblem] {
        var reader = FieldReader(value, pointer: "/spin/sampling_params")
        reader.bool("use_greedy", &useGreedy)
        reader.number("temperature", &temperature, in: 0.01...100)
        reader.integer("top_k", &topK, in: 0...10_000_000)
        reader.number("top_p", &topP, in: 0.001...1)
        reader.number("repetition_penalty", &repetitionPenalty, in: 0.01...100)
        if let value = reader.present("end_strings") {
            let texts = value.array?.compactMap(\.string) ?? []
            if texts.count == value.array?.count, texts.count <= 32,
                texts.allSatisfy({ (1...256).contains($0.utf8.count) })
            {
                endStrings = texts
            } else {
                reader.fail(
                    "end_strings", "expected a list of at most 32 strings of 1 to 256 bytes")
            }
        }
        return reader.finish()
    }
}

extension TrainOptions {
    fileprivate mutating func read(_ value: JSONValue?) -> [SpinError.FieldProblem] {
        var reader = FieldReader(value, pointer: "/train")
        reader.integer("global_batch_size", &globalBatchSize, in: 1...1_000_000)
        // The default gives way to the batch size; a value that was asked for does not.
        while globalBatchSize % microBatchSize != 0 { microBatchSize -= 1 }
        reader.integer("micro_batch_size", &microBatchSize, in: 1...100_000)
        if globalBatchSize % microBatchSize != 0 {
            reader.fail(
                "micro_batch_size",
                "\(microBatchSize) does not divide global_batch_size, \(globalBatchSize)")
        }
        reader.integer("max_seq_length", &maxSeqLength, in: 2...1_000_000)
        readClip(&reader)
        reader.integer("max_steps", &maxSteps, in: 1...1_000_000_000, none: -1)
        reader.batchLimit("limit_train_batches", &limitTrainBatches)
        if [.count(0), .fraction(0)].contains(limitTrainBatches) {
            reader.fail("limit_train_batches", "0 would train nothing")
        }
        reader.batchLimit("limit_val_batches", &limitValBatches)
        var interval = valCheckInterval ?? .count(0)
        reader.batchLimit("val_check_interval", &interval)
        valCheckInterval = [.count(0), .fraction(0)].contains(interval) ? nil : interval
        reader.integer("save_interval", &saveInterval, in: 1...1_000_000_000, none: 0)
        if let text = reader.string("max_time") {
            maxTimeSeconds = DurationText.parse(text)
            if maxTimeSeconds == nil { reader.fail("max_time", "expected DD:HH:MM:SS") }
        }
        return reader.finish()
    }

    private mutating func readClip(_ reader: inout FieldReader) {
        guard let value = reader.value("gradient_clip_val") else { return }
        if value == .null { return gradientClipVal = nil }
        guard let number = reader.checked(value, "gradient_clip_val", in: 0...1e9) else { return }
        gradientClipVal = number == 0 ? nil : number
    }
}

extension OptimizerOptions {
    fileprivate mutating func read(
        _ value: JSONValue?, iterations: Int
    ) -> [SpinError.FieldProblem] {
        var reader = FieldReader(value, pointer: "/optim")
        reader.choice("name", &name)
        reader.perIteration("lr", &learningRate, in: 0...10, iterations: iterations)
        readBetas(&reader)
        reader.number("alpha", &alpha, in: 0...0.999_999_9)
        reader.number("eps", &eps, in: 1e-30...1)
        reader.number("weight_decay", &weightDecay, in: 0...100)
        reader.bool("reset_each_iteration", &resetEachIteration)
        let schedule = sched.read(reader.value("sched"))
        return reader.finish() + schedule
    }

    private mutating func readBetas(_ reader: inout FieldReader) {
        guard let value = reader.value("betas") else { return }
        let numbers = value.array?.compactMap(\.double) ?? []
        guard value.array?.count == 2, numbers.count == 2,
            numbers.allSatisfy({ (0..<1).contains($0) })
        else { return reader.fail("betas", "expected two numbers, each at least 0 and below 1") }
        betas = (numbers[0], numbers[1])
    }
}

extension ScheduleOptions {
    fileprivate mutating func read(_ value: JSONValue?) -> [SpinError.FieldProblem] {
        var reader = FieldReader(value, pointer: "/optim/sched")
        reader.choice("name", &name)
        reader.number("warmup_ratio", &warmupRatio, in: 0...1)
        reader.integer("warmup_steps", &warmupSteps, in: 0...1_000_000_000, none: nil)
        reader.number("min_lr", &minLR, in: 0...10)
        reader.choice("scope", &scope)
        return reader.finish()
    }
}

extension CheckpointOptions {
    fileprivate mutating func read(_ value: JSONValue?) -> [SpinError.FieldProblem] {
        var reader = FieldReader(value, pointer: "/checkpoint")
        reader.integer("keep", &keep, in: 1...100_000, none: -1)
        reader.choice("monitor", &monitor)
        return reader.finish()
    }
}

extension AlertOptions {
    fileprivate mutating func read(_ value: JSONValue?) -> [SpinError.FieldProblem] {
        var reader = FieldReader(value, pointer: "/alerts")
        reader.number("saturated_fraction", &saturatedFraction, in: 0...1)
        reader.number("identical_fraction", &identicalFraction, in: 0...1)
        reader.number("collapse_loss", &collapseLoss, in: 0...1e6)
        reader.number("collapse_acc", &collapseAccuracy, in: 0...1)
        reader.number("kl", &kl, in: 0...1e9)
        reader.number("validation_rise", &validationRise, in: 0...1e6)
        return reader.finish()
    }
}
