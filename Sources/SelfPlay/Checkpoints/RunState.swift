package import SpinDomain

/// Where a run stands besides weights and moments: what `trainer_state.json` holds.
///
/// No times and no paths, so that two runs of one job write the same bytes.
package struct RunState: Sendable, Equatable {
    package static let formatVersion = 1

    /// Steps done in the whole job.
    package var step = 0
    /// The iteration that goes on from here.
    package var iteration = 0
    /// Updates that the optimizer's moments have seen.
    package var updates = 0
    /// Steps done when the last validation ran, and its loss.
    package var validatedStep: Int?
    package var validationLoss: Double?
    package var bestValidationLoss: Double?
    package var tally = IterationTally()

    package init() {}

    /// - Parameters:
    ///   - plan: of the job, for what people like to know and `init(json:)` derives again.
    package func json(_ configuration: JobConfiguration, _ plan: GamePlan) -> JSONValue {
        var position: (epoch: Int, step: Int) = (0, 0)
        if plan.iterations.indices.contains(iteration) {
            let current = plan.iterations[iteration]
            let inIteration = step - current.firstStep
            position = (
                inIteration / current.stepsPerEpoch, inIteration % current.stepsPerEpoch
            )
        }
        return [
            "format_version": .integer(Self.formatVersion), "step": .integer(step),
            "iteration": .integer(iteration), "epoch": .integer(position.epoch),
            "step_in_epoch": .integer(position.step), "optimizer_updates": .integer(updates),
            "consumed_samples": .integer(step * plan.globalBatchSize),
            "seed": .integer(Int(clamping: configuration.seed)), "rows": .integer(plan.rows),
            "validated_step": JSONValue(validatedStep),
            "validation_loss": JSONValue(validationLoss),
            "best_validation_loss": JSONValue(bestValidationLoss), "iteration_tally": tally.json,
        ]
    }

    /// - Parameter file: named in errors.
    /// - Throws: `damagedFile` when a member is missing, or when it is the state of another job;
    ///   `unsupported` for a newer format.
    package init(json: JSONValue, plan: GamePlan, file: String) throws {
        guard let version = json["format_version"]?.integer else {
            throw SpinError.damaged(file, "has no format_version")
        }
        guard version == Self.formatVersion else {
            throw SpinError(.unsupported, "\(file) has format version \(version)")
        }
        guard let step = json["step"]?.integer, let iteration = json["iteration"]?.integer,
            let updates = json["optimizer_updates"]?.integer, updates >= 0,
            let tally = IterationTally(json: json["iteration_tally"]),
            let rows = json["rows"]?.integer
        else { throw SpinError.damaged(file, "lacks a member that a resume needs") }
        guard rows == plan.rows, Self.isPosition(step: step, iteration: iteration, in: plan) else {
            throw SpinError.damaged(
                file,
                "stands at step \(step) of iteration \(iteration), with \(rows) rows: "
                    + "not a place in this job, which has \(plan.rows)")
        }
        self.step = step
        self.iteration = iteration
        self.updates = updates
        validatedStep = json["validated_step"]?.integer
        validationLoss = json["validation_loss"]?.double
        bestValidationLoss = json["best_validation_loss"]?.double
        self.tally = tally
    }

    /// The end of an iteration is a place in it, and in the next one.
    private static func isPosition(step: Int, iteration: Int, in plan: GamePlan) -> Bool {
        guard plan.iterations.indices.contains(iteration) else {
            return iteration == plan.iterations.count && step == plan.totalSteps
        }
        let current = plan.iterations[iteration]
        return (current.firstStep...current.endStep).contains(step)
    }
}
