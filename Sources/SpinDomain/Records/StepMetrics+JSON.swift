extension StepMetrics {
    /// One object with all of `names`, in their order; missing values are null.
    public var json: JSONValue {
        .object(
            JSONObject(
                Self.names.map { name in
                    guard let value = value(name) else { return (name, .null) }
                    return (
                        name,
                        Self.integerNames.contains(name) ? .integer(Int(value)) : .number(value)
                    )
                }))
    }
}
