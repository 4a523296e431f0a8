import SpinDomain

extension Job {
    /// - Parameter queuePosition: 1 for the next to run; nil where it is not queued.
    func json(queuePosition: Int? = nil) -> JSONValue {
        var object: JSONObject = [
            "id": .string(id), "object": "job", "name": .string(configuration.name),
            "status": .string(status.rawValue), "status_detail": JSONValue(statusDetail),
            "pause_reason": JSONValue(pauseReason?.rawValue),
            "progress": progressJSON, "allowed_iterations": .integer(allowedIterations),
            "allowed_steps": .integer(allowedSteps),
            "priority": .integer(configuration.priority),
            "parent_checkpoint": JSONValue(parentCheckpoint), "cloned_from": JSONValue(clonedFrom),
            "created_at": .string(createdAt.text), "started_at": JSONValue(startedAt?.text),
            "finished_at": JSONValue(finishedAt?.text), "configuration": configuration.json,
            "hint": JSONValue(hint), "links": links,
        ]
        if let queuePosition { object["queue_position"] = .integer(queuePosition) }
        return .object(object)
    }

    var progressJSON: JSONValue {
        [
            "phase": JSONValue(progress.phase?.rawValue),
            "iteration": .integer(progress.iteration),
            "iterations_total": .integer(configuration.spin.maxIterations),
            "step": .integer(progress.step), "steps_total": JSONValue(progress.totalSteps),
            "fraction": JSONValue(fraction), "rollout_done": .integer(progress.rolloutDone),
            "rollout_total": .integer(progress.rolloutTotal),
            "tokens_per_second": JSONValue(progress.tokensPerSecond),
            "seconds_remaining": JSONValue(progress.secondsRemaining),
        ]
    }

    /// Share of the steps that are done; nil until their number is known.
    private var fraction: Double? {
        if status == .succeeded { return 1 }
        guard let total = progress.totalSteps, total > 0 else { return nil }
        return min(1, Double(progress.step) / Double(total))
    }

    /// What can be seen of the job, and what can be done with it in its present state.
    private var links: JSONValue {
        let path = Link.job(id)
        var links: JSONObject = ["self": .string(path)]
        for part in ["iterations", "metrics", "validations", "events", "samples", "checkpoints"] {
            links[part] = .string("\(path)/\(part)")
        }
        for action in actions + ["clone"] { links[action] = .string("\(path)/\(action)") }
        if let parentCheckpoint {
            links["parent_checkpoint"] = .string(Link.checkpoint(parentCheckpoint))
        }
        if let clonedFrom { links["cloned_from"] = .string(Link.job(clonedFrom)) }
        return .object(links)
    }

    /// What the client most likely wants next, in words.
    private var hint: String? {
        let path = Link.job(id)
        switch status {
        case .queued, .running: return nil
        case .paused: return "POST \(path)/resume lets it go on"
        case .waiting:
            return "POST \(path)/step with {\"iterations\": 1} or {\"steps\": 10} lets it play on"
        case .succeeded:
            let more = configuration.spin.maxIterations + 1
            return "GET \(path)/checkpoints has the models; PATCH \(path) with "
                + "{\"spin\": {\"max_iterations\": \(more)}} plays on"
        case .failed, .cancelled:
            return "POST \(path)/retry goes on from the last checkpoint; POST \(path)/clone makes "
                + "a new job of its configuration"
        }
    }

    private var actions: [String] {
        switch status {
        case .queued: ["pause", "cancel"]
        case .running: (configuration.mode == .manual ? ["step"] : []) + ["pause", "cancel"]
        case .paused: ["resume", "cancel"]
        case .waiting: ["step", "pause", "cancel"]
        case .succeeded: []
        case .failed, .cancelled: ["retry"]
        }
    }
}

extension RunEstimate {
    var json: JSONValue {
        [
            "rows": .integer(rows), "file_rows": .integer(fileRows),
            "too_long_rows": .integer(tooLongRows), "validation_rows": JSONValue(validationRows),
            "steps_per_epoch": .integer(stepsPerEpoch), "total_steps": .integer(totalSteps),
            "parameters": .integer(parameters), "memory_bytes": .integer(memoryBytes),
            "checkpoint_bytes": .integer(checkpointBytes), "disk_bytes": .integer(diskBytes),
            "seconds": JSONValue(seconds), "warnings": JSONValue(warnings),
            "first_rows": .array(
                firstRows.map { row in
                    [
                        "prompt": JSONValue(row.prompt), "response": JSONValue(row.response),
                        "prompt_tokens": .integer(row.promptIDs.count),
                        "response_tokens": .integer(row.responseIDs.count),
                        "prompt_ids": JSONValue(row.promptIDs),
                        "response_ids": JSONValue(row.responseIDs),
                    ]
                }),
        ]
    }
}
