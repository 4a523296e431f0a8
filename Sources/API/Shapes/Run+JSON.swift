import SpinDomain

// What a run leaves behind, row by row.

extension IterationRecord {
    var json: JSONValue {
        [
            "object": "iteration", "iteration": .integer(iteration),
            "is_finished": .bool(isFinished), "kl_penalty": JSONValue(klPenalty),
            "reference_checkpoint": JSONValue(referenceCheckpoint), "pairs": JSONValue(pairs),
            "identical_pairs": JSONValue(identicalPairs),
            "truncated_pairs": JSONValue(truncatedPairs),
            "generated_tokens": JSONValue(generatedTokens), "first_step": JSONValue(firstStep),
            "steps": .integer(steps), "start_loss": JSONValue(startLoss),
            "end_loss": JSONValue(endLoss), "end_acc": JSONValue(endAccuracy),
            "end_rewards_margin_mean": JSONValue(endMargin),
            "end_rewards_actual_mean": JSONValue(endRewardsActualMean),
            "end_rewards_generated_mean": JSONValue(endRewardsGeneratedMean),
            "validation_loss": JSONValue(validationLoss),
            "reference_difference": JSONValue(referenceDifference),
            "kl_pairs": JSONValue(measuredKL?.pairs),
            "kl_actual": JSONValue(measuredKL?.actual.mean),
            "kl_actual_se": JSONValue(measuredKL?.actual.standardError),
            "kl_generated": JSONValue(measuredKL?.generated.mean),
            "kl_generated_se": JSONValue(measuredKL?.generated.standardError),
            "kl_seconds": JSONValue(measuredKL?.seconds),
            "rollout_seconds": JSONValue(rolloutSeconds),
            "reference_seconds": JSONValue(referenceSeconds),
            "train_seconds": JSONValue(trainSeconds),
            "validation_seconds": JSONValue(validationSeconds),
            "checkpoint_seconds": JSONValue(checkpointSeconds),
        ]
    }
}

extension ValidationRecord {
    var json: JSONValue {
        [
            "object": "validation", "step": .integer(step), "iteration": .integer(iteration),
            "loss": .number(loss), "tokens": .integer(tokens), "seconds": .number(seconds),
        ]
    }
}

extension RolloutSample {
    var cursor: SampleCursor { SampleCursor(iteration: iteration, index: index) }
}

extension SampleCursor {
    /// As in `after`: `0.17` is index 17 of iteration 0.
    var text: String { "\(iteration).\(index)" }

    init?(text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let iteration = parts[0], let index = parts[1],
            iteration >= 0, index >= 0
        else { return nil }
        self.init(iteration: iteration, index: index)
    }
}

extension JobEvent {
    var json: JSONValue {
        [
            "object": "event", "sequence": .integer(sequence), "job": .string(jobID),
            "time": .string(time.text), "type": .string(type), "level": .string(level.rawValue),
            "message": .string(message), "data": data,
        ]
    }
}

extension CheckpointRecord {
    /// - Parameters:
    ///   - parent: the checkpoint that its job began with.
    ///   - children: the jobs that began with it.
    func json(parent: String?, children: [String]) -> JSONValue {
        let path = Link.checkpoint(id)
        return [
            "id": .string(id), "object": "checkpoint", "job": .string(jobID),
            "step": .integer(step), "iteration": .integer(iteration),
            "is_iteration_end": .bool(isIterationEnd),
            "validation_loss": JSONValue(validationLoss), "bytes": .integer(bytes),
            "pinned": .bool(isPinned), "note": JSONValue(note),
            "parent_checkpoint": JSONValue(parent), "children": JSONValue(children),
            "path": .string(self.path), "created_at": .string(createdAt.text),
            "files": .array(
                files.map { file in
                    [
                        "name": .string(file.name), "bytes": .integer(file.bytes),
                        "sha256": .string(file.sha256),
                        "href": .string("\(path)/files/\(file.name.percentEncoded)"),
                    ]
                }),
            "links": links(parent),
        ]
    }

    private func links(_ parent: String?) -> JSONValue {
        var links: JSONObject = [
            "self": .string(Link.checkpoint(id)), "job": .string(Link.job(jobID)),
        ]
        if let parent { links["parent_checkpoint"] = .string(Link.checkpoint(parent)) }
        return .object(links)
    }
}
