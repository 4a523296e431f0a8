import SpinDomain

// What a recorder tells when a run goes wrong.

extension RunRecorder {
    func tell(_ alert: AlertWatch.Alert, step: Int) throws {
        try store.append(
            event: JobEvent(
                jobID: jobID, time: clock.now(), type: alert.kind.rawValue, level: alert.level,
                message: alert.message,
                data: [
                    "iteration": .integer(progress.iteration), "step": .integer(step),
                    "value": JSONValue(alert.value), "limit": JSONValue(alert.limit),
                ]))
    }

    /// Compares a finished iteration with those before it, and ends the game when that is due.
    func judge(_ iteration: IterationRecord) throws {
        guard let loss = iteration.validationLoss else { return }
        let losses = try EarlyStop.losses(of: jobID, in: store)
        for alert in alerts.validation(loss, before: losses.dropLast().last) {
            try tell(alert, step: progress.step)
        }
        guard let earlyStop, EarlyStop.isDue(losses: losses, patience: earlyStop) else { return }
        let played = iteration.iteration + 1
        // Stored before the checkpoint that ends the iteration, so that no restart forgets it.
        _ = try store.update(job: jobID, version: nil) {
            $0.allowedIterations = min($0.allowedIterations, played)
        }
        control.limit(iterations: played)
        try tell(
            AlertWatch.Alert(
                kind: .earlyStop,
                message: "the validation loss has not become better for \(earlyStop) "
                    + (earlyStop == 1 ? "iteration" : "iterations") + ": the game ends",
                value: loss, limit: losses.min()), step: progress.step)
    }

    func runFailed(_ error: any Error) throws {
        guard let error = error as? SpinError, error.code == .diverged else { return }
        for alert in alerts.diverged("\(error)") { try tell(alert, step: progress.step) }
    }

    /// The kinds of alerts that a job's earlier runs told, by iteration.
    static func alertsTold(
        of jobID: String, in store: any JobStore
    ) throws -> [Int: Set<AlertWatch.Alert.Kind>] {
        var told: [Int: Set<AlertWatch.Alert.Kind>] = [:]
        for event in try store.alerts(job: jobID) {
            guard let kind = AlertWatch.Alert.Kind(rawValue: event.type),
                let iteration = event.data["iteration"]?.integer
            else { continue }
            told[iteration, default: []].insert(kind)
        }
        return told
    }
}
