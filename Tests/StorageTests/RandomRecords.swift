import SpinDomain

/// A small generator with a seed (SplitMix64), so that a failure can be repeated.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Records with every field drawn at random, nils among them.
struct RandomRecords {
    var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    mutating func count() -> Int { Int.random(in: 0...1_000_000_000_000, using: &random) }

    /// Any finite double, of any magnitude.
    mutating func double() -> Double {
        let value = Double(bitPattern: random.next())
        return value.isFinite ? value : -0.0
    }

    mutating func maybe<Value>(_ value: Value) -> Value? {
        Bool.random(using: &random) ? value : nil
    }

    mutating func maybeDouble() -> Double? { maybe(double()) }

    mutating func maybeCount() -> Int? { maybe(count()) }

    mutating func text() -> String {
        let pieces = ["a", "é", "\u{0}", "'", "\"", "\n", "😀", "\u{202E}", "%", "", "\\", "\u{7F}"]
        return (0..<Int.random(in: 0...9, using: &random))
            .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
    }

    mutating func ids() -> [Int32] {
        (0..<Int.random(in: 0...20, using: &random)).map { _ in
            Int32(truncatingIfNeeded: random.next())
        }
    }

    mutating func time() -> Timestamp { Timestamp(microseconds: count()) }

    mutating func configuration() -> JobConfiguration {
        var configuration = JobConfiguration(name: "name \(count())", model: "m", dataset: "d")
        configuration.seed = UInt64.random(in: 0...(1 << 53), using: &random)
        configuration.labels = ["text": text()]
        configuration.spin.maxIterations = 3
        configuration.alerts.kl = maybe(2.5)
        let penalties = (0..<3).map { _ in Double.random(in: 1e-6...1e6, using: &random) }
        configuration.spin.refPolicyKLPenalty = .list(penalties)
        configuration.train.valCheckInterval = maybe(.count(1)) ?? .fraction(1)
        configuration.checkpoint.keep = maybe(2)
        return configuration
    }

    mutating func progress() -> JobProgress {
        var progress = JobProgress()
        progress.phase = maybe(JobProgress.Phase.allCases.randomElement(using: &random) ?? .train)
        progress.iteration = count()
        progress.step = count()
        progress.totalSteps = maybeCount()
        progress.rolloutDone = count()
        progress.rolloutTotal = count()
        progress.tokensPerSecond = maybeDouble()
        progress.secondsRemaining = maybeDouble()
        return progress
    }

    mutating func job(id: String, status: JobStatus = .queued) -> Job {
        Job(
            id: id, status: status, configuration: configuration(),
            sources: RunSources(
                modelPath: "/models/\(count())", datasetPath: "/data/\(count())",
                validationPath: maybe("/validation")),
            progress: progress(), allowedIterations: count(), allowedSteps: count(),
            parentCheckpoint: maybe("ckpt_x_4"), clonedFrom: maybe("job_x"),
            statusDetail: maybe("a detail"),
            createdAt: time(), startedAt: maybe(time()), finishedAt: maybe(time()))
    }

    mutating func sample(iteration: Int, index: Int) -> RolloutSample {
        RolloutSample(
            iteration: iteration, index: index, epoch: count(),
            sourceIteration: Int.random(in: 0...iteration, using: &random), row: count(),
            promptIDs: ids(), actualIDs: ids(), generatedIDs: ids(), prompt: maybe(text()),
            actual: maybe(text()), generated: maybe(text()), referenceLogpActual: double(),
            referenceLogpGenerated: double(),
            stopReason: RolloutSample.StopReason.allCases.randomElement(using: &random) ?? .length)
    }

    mutating func metrics(step: Int, iteration: Int = 0) -> StepMetrics {
        var metrics = StepMetrics(
            step: step, iteration: iteration, epoch: count(), loss: double(), sftLoss: double(),
            gradNorm: double(), learningRate: double(), consumedSamples: count(),
            stepTime: double(), tokensPerSecond: double())
        metrics.accuracy = maybeDouble()
        metrics.rewardsActualMean = maybeDouble()
        metrics.rewardsGeneratedMean = maybeDouble()
        metrics.rewardsAllMean = maybeDouble()
        metrics.rewardsAllStd = maybeDouble()
        metrics.rewardsMarginMean = maybeDouble()
        metrics.klPenalty = maybeDouble()
        metrics.logpsActualMean = maybeDouble()
        metrics.logpsGeneratedMean = maybeDouble()
        metrics.avgGeneratedLengths = maybeDouble()
        metrics.saturatedFraction = maybeDouble()
        metrics.identicalFraction = maybeDouble()
        metrics.rolloutTokensPerSecond = maybeDouble()
        metrics.referenceTokensPerSecond = maybeDouble()
        metrics.mfu = maybeDouble()
        metrics.residentBytes = maybe(count())
        metrics.peakResidentBytes = maybe(count())
        metrics.finishedAt = maybe(time())
        return metrics
    }

    mutating func validation(step: Int) -> ValidationRecord {
        ValidationRecord(
            step: step, iteration: count(), loss: double(), tokens: count(), seconds: double())
    }

    mutating func iteration(_ iteration: Int) -> IterationRecord {
        var record = IterationRecord(iteration: iteration)
        record.klPenalty = maybeDouble()
        record.referenceCheckpoint = maybe("ckpt_x_\(count())")
        record.pairs = maybeCount()
        record.identicalPairs = maybeCount()
        record.truncatedPairs = maybeCount()
        record.generatedTokens = maybeCount()
        record.firstStep = maybeCount()
        record.steps = count()
        record.startLoss = maybeDouble()
        record.endLoss = maybeDouble()
        record.endAccuracy = maybeDouble()
        record.endMargin = maybeDouble()
        record.endRewardsActualMean = maybeDouble()
        record.endRewardsGeneratedMean = maybeDouble()
        record.validationLoss = maybeDouble()
        record.referenceDifference = maybeDouble()
        if Bool.random(using: &random) {
            record.measuredKL = MeasuredKL(
                pairs: count() + 1,
                actual: .init(mean: double(), standardError: maybeDouble()),
                generated: .init(mean: double(), standardError: maybeDouble()),
                seconds: double())
        }
        record.rolloutSeconds = maybeDouble()
        record.referenceSeconds = maybeDouble()
        record.trainSeconds = maybeDouble()
        record.validationSeconds = maybeDouble()
        record.checkpointSeconds = maybeDouble()
        record.isFinished = Bool.random(using: &random)
        return record
    }

    mutating func checkpoint(job: String, step: Int, path: String? = nil) -> CheckpointRecord {
        CheckpointRecord(
            id: "ckpt_\(job)_\(step)", jobID: job, step: step, iteration: count(),
            isIterationEnd: Bool.random(using: &random), path: path ?? "/elsewhere/\(step)",
            files: [
                .init(name: "model.safetensors", bytes: count(), sha256: "ab12"),
                .init(name: text(), bytes: count(), sha256: "cd34"),
            ], validationLoss: maybeDouble(), createdAt: time(),
            isPinned: Bool.random(using: &random), note: maybe("a note"))
    }

    mutating func model(_ name: String) -> ModelRecord {
        ModelRecord(
            name: name, path: "/models/\(name)",
            summary: ModelSummary(
                family: "llama", format: "gguf", parameters: count(), vocabularySize: count(),
                contextLength: count(), layers: count(), channels: count(), bytes: count(),
                hasTokenizer: Bool.random(using: &random),
                hasChatTemplate: Bool.random(using: &random)), createdAt: time())
    }

    mutating func dataset(_ name: String) -> DatasetRecord {
        DatasetRecord(
            name: name, path: "/data/\(name)",
            summary: DatasetSummary(
                bytes: count(), rows: count(), forms: ["messages": count(), "alpaca": 3],
                duplicates: count(), emptyResponses: count(), badLines: count(),
                problems: [.init(line: count(), reason: text())]), createdAt: time())
    }

    mutating func event(job: String) -> JobEvent {
        JobEvent(
            jobID: job, time: time(), type: "validation",
            level: JobEvent.Level.allCases.randomElement(using: &random) ?? .info,
            message: "a message", data: ["one": 1, "share": 1.0, "text": .string(text())])
    }
}
