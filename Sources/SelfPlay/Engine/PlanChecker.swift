import SpinDomain
import TextData
import Transformer

/// Compares a configuration with the model, the data and the machine, and finds every problem.
struct PlanChecker {
    private let job: RunPlan
    private var problems: [SpinError.FieldProblem] = []
    private var warnings: [String] = []

    private var configuration: JobConfiguration { job.configuration }

    init(_ job: RunPlan) {
        self.job = job
    }

    /// - Parameter memoryBytes: what the machine has to give; nil where unknown.
    /// - Throws: `invalid` with every problem at once.
    mutating func prepare(memoryBytes: Int?) throws -> PreparedRun {
        checkSchedule()
        let model: ModelSetting
        do {
            model = try ModelSetting(path: job.sources.modelPath)
        } catch let error as SpinError {
            fail("/model", error.message)
            throw refusal
        }
        let lengths = LengthRule(
            configuration, contextLength: model.decoder.contextLength)
        checkGeneration(model)
        let fileRows = DataReader(model, pointer: "/dataset")
            .read(job.sources.datasetPath, &problems)
        let prepared = PreparedRows(fileRows, limit: lengths.limit)
        let plan = GamePlan(configuration, rows: prepared.rows.count)
        if !fileRows.isEmpty { check(prepared, plan, lengths) }
        let validationRows = readValidation(model, lengths)
        let memory = MemoryEstimate(
            model.decoder, configuration,
            .init(prepared.rows, lengths, microBatchSize: configuration.train.microBatchSize))
        check(memory, available: memoryBytes)
        guard problems.isEmpty else { throw refusal }
        var estimate = RunEstimate(
            rows: prepared.rows.count, fileRows: fileRows.count,
            tooLongRows: prepared.tooLongRows,
            validationRows: job.sources.validationPath.map { _ in validationRows.count },
            stepsPerEpoch: plan.iterations.first?.stepsPerEpoch ?? 0,
            totalSteps: plan.totalSteps, parameters: model.parameterCount,
            memoryBytes: memory.bytes, checkpointBytes: checkpointBytes(model),
            warnings: warnings, firstRows: firstRows(prepared.rows, model))
        estimate.diskBytes = estimate.checkpointBytes * checkpoints(plan)
        return PreparedRun(
            model: model, rows: prepared.rows, validationRows: validationRows, plan: plan,
            estimate: estimate,
            operations: RunOperations(
                model.decoder, configuration, plan: plan, rows: prepared.rows,
                validationRows: validationRows, lengths: lengths),
            endStrings: EndStrings(
                configuration.spin.samplingParams.endStrings, model.codec?.tokenizer),
            lengths: lengths)
    }

    private var refusal: SpinError {
        .invalid("the configuration", problems: problems)
    }

    private mutating func fail(_ pointer: String, _ detail: String) {
        problems.append(.init(pointer: pointer, detail: detail))
    }

    // MARK: Settings

    private mutating func checkSchedule() {
        let minimum = configuration.optim.sched.minLR
        if let peak = configuration.optim.learningRate.values.min(), minimum > peak {
            fail("/optim/sched/min_lr", "\(minimum) is more than lr, \(peak)")
        }
    }

    private mutating func checkGeneration(_ model: ModelSetting) {
        guard configuration.method == .spin else { return }
        let spin = configuration.spin
        let context = model.decoder.contextLength
        if spin.lengthParams.maxLength > context {
            fail(
                "/spin/length_params/max_length",
                "\(spin.lengthParams.maxLength) is more than the model's context of \(context)")
        }
        if !spin.samplingParams.endStrings.isEmpty && model.codec == nil {
            fail(
                "/spin/sampling_params/end_strings", "the model has no tokenizer to find them with")
        }
        if model.stopTokens.isEmpty && spin.samplingParams.endStrings.isEmpty {
            warnings.append(
                "the model names no end token: every generated response is cut at its budget")
        }
    }

    // MARK: Data

    private mutating func check(
        _ prepared: PreparedRows, _ plan: GamePlan, _ lengths: LengthRule
    ) {
        let rows = prepared.rows.count
        let batch = configuration.train.globalBatchSize
        if prepared.tooLongRows > 0 {
            warnings.append(
                "\(prepared.tooLongRows) of \(rows + prepared.tooLongRows) rows are longer than "
                    + "\(lengths.limit) tokens and are left out")
        }
        if rows == 0 {
            fail("/train/max_seq_length", "no row fits into \(lengths.limit) tokens")
        } else if rows < batch {
            fail(
                "/train/global_batch_size",
                "\(batch) is more than the \(rows) rows that can be used")
        } else if plan.iterations.isEmpty {
            fail("/train/limit_train_batches", "leaves no step of the \(rows / batch) an epoch has")
        } else if !rows.isMultiple(of: batch) {
            warnings.append(
                "\(rows) rows are no multiple of global_batch_size: an epoch leaves out "
                    + "\(rows % batch) of them, other ones each time")
        }
        guard configuration.method == .spin else { return }
        let cut = prepared.rows.count { lengths.isCut(prompt: $0.prompt.count) }
        if cut > 0 {
            warnings.append(
                "\(cut) prompts leave less than max_length tokens for a generated response")
        }
    }

    private mutating func readValidation(
        _ model: ModelSetting, _ lengths: LengthRule
    ) -> [DataRow] {
        guard let path = job.sources.validationPath else { return [] }
        let all = DataReader(model, pointer: "/validation_dataset").read(path, &problems)
        let prepared = PreparedRows(all, limit: lengths.limit)
        if prepared.tooLongRows > 0 {
            warnings.append("\(prepared.tooLongRows) validation rows are too long and left out")
        }
        if prepared.rows.isEmpty && !all.isEmpty {
            fail("/validation_dataset", "no row fits into \(lengths.limit) tokens")
        }
        let size = configuration.train.microBatchSize
        let batches = (prepared.rows.count + size - 1) / size
        let used = configuration.train.limitValBatches.steps(of: batches)
        return Array(prepared.rows.prefix(used * size))
    }

    private func firstRows(_ rows: [DataRow], _ model: ModelSetting) -> [RunEstimate.TokenisedRow] {
        rows.prefix(3).map {
            .init(
                promptIDs: $0.prompt, responseIDs: $0.response, prompt: model.text($0.prompt),
                response: model.text($0.response))
        }
    }

    // MARK: Machine

    private mutating func check(_ memory: MemoryEstimate, available: Int?) {
        guard let available, memory.bytes > available else { return }
        let pointer: String
        switch memory.bytes {
        case _ where memory.fixedBytes > available: pointer = "/model"
        case memory.rolloutBytes: pointer = "/spin/rollout_micro_batch_size"
        default: pointer = "/train/micro_batch_size"
        }
        fail(
            pointer,
            "the run may need \(memory.bytes >> 20) MiB, but \(available >> 20) MiB can be had")
    }

    /// The most that there are at one time: those that stay, the two that a resume needs, and the
    /// one being written.
    private func checkpoints(_ plan: GamePlan) -> Int {
        let between = configuration.train.saveInterval.map { plan.totalSteps / $0 } ?? 0
        let all = plan.iterations.count + between
        return min(all, configuration.checkpoint.keep.map { $0 + 3 } ?? all)
    }

    private func checkpointBytes(_ model: ModelSetting) -> Int {
        let arenas = 1 + Optimizer.momentNames(configuration.optim).count
        let weights = model.parameterCount * MemoryLayout<Float>.size
        return arenas * weights + model.tokenizerFiles.values.reduce(0) { $0 + $1.count }
    }
}

extension MemoryEstimate.Lengths {
    /// The longest pairs may meet in one micro-batch.
    fileprivate init(_ rows: [DataRow], _ lengths: LengthRule, microBatchSize: Int) {
        let budgets = rows.map { lengths.budget(prompt: $0.prompt.count) }
        let pairs = zip(rows, budgets).map { $0.count + $1 }.sorted(by: >)
        self.init(
            microBatch: min(
                pairs.prefix(microBatchSize).reduce(0, +), max(Trainer.rowBudget, pairs.first ?? 1)),
            slot: zip(rows, budgets).map { $0.prompt.count + max($0.response.count, $1) }.max()
                ?? 1,
            longestRow: rows.map(\.count).max() ?? 1)
    }
}
