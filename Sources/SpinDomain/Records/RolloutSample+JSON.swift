extension RolloutSample {
    /// As it goes over HTTP, and into files of samples.
    public var json: JSONValue {
        [
            "iteration": .integer(iteration), "index": .integer(index), "epoch": .integer(epoch),
            "row": .integer(row), "source_iteration": .integer(sourceIteration),
            "prompt": JSONValue(prompt), "actual": JSONValue(actual),
            "generated": JSONValue(generated), "prompt_ids": JSONValue(promptIDs),
            "actual_ids": JSONValue(actualIDs), "generated_ids": JSONValue(generatedIDs),
            "reference_logp_actual": .number(referenceLogpActual),
            "reference_logp_generated": .number(referenceLogpGenerated),
            "stop_reason": .string(stopReason.rawValue),
        ]
    }
}
