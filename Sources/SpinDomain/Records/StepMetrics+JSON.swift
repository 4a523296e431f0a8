extension StepMetrics {
    /// One object with all of `names`, in their order; missing values are null.
    public var json: JSONValue {
        .object(
            JSONObject(
                StepMetric.allCases.map { metric in
                    guard let value = self[metric] else { return (metric.rawValue, .null) }
                    return (
                        metric.rawValue,
                        metric.isInteger ? .integer(Int(value)) : .number(value)
                    )
                }))
    }
}
