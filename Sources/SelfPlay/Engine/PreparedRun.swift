package import SpinDomain

/// Everything a run needs but the weights: the model's description, the tokenised data, the plan.
package struct PreparedRun: Sendable {
    package let model: ModelSetting
    package let rows: [DataRow]
    /// Those that `limit_val_batches` leaves.
    package let validationRows: [DataRow]
    package let plan: GamePlan
    package let estimate: RunEstimate
    package let operations: RunOperations
    /// Nil without end strings.
    package let endStrings: EndStrings?
    package let lengths: LengthRule

    package func budget(for row: DataRow) -> Int { lengths.budget(prompt: row.prompt.count) }
}

/// How long rows and responses may be.
package struct LengthRule: Sendable {
    /// Prompt and response together.
    package let limit: Int
    private let maxLength: Int

    package init(_ configuration: JobConfiguration, contextLength: Int) {
        limit = min(configuration.train.maxSeqLength, contextLength)
        maxLength = configuration.spin.lengthParams.maxLength
    }

    /// Most new tokens after a prompt; at least 1 for prompts that were not left out.
    package func budget(prompt: Int) -> Int { min(maxLength, limit - prompt) }

    package func isCut(prompt: Int) -> Bool { budget(prompt: prompt) < maxLength }
}
