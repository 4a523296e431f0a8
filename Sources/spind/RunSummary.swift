import SpinDomain

/// What a run will be, in a few lines.
enum RunSummary {
    static func show(_ estimate: RunEstimate, engine: String) {
        print("engine: \(engine)")
        let leftOut = estimate.tooLongRows > 0 ? ", \(estimate.tooLongRows) too long" : ""
        print("data: \(estimate.rows) of \(estimate.fileRows) rows\(leftOut)")
        print(
            "plan: \(estimate.totalSteps) steps, \(estimate.stepsPerEpoch) an epoch; "
                + "\(estimate.parameters) parameters, about \(estimate.memoryBytes >> 20) MiB "
                + "of memory, \(estimate.diskBytes >> 20) MiB of checkpoints")
        for warning in estimate.warnings { print("warning: \(warning)") }
    }
}
