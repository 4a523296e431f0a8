extension JSONValue {
    /// The value after a merge patch (RFC 7396): objects are merged, a null removes its key, all
    /// else replaces.
    public func merging(patch: JSONValue) -> JSONValue {
        guard let changes = patch.object else { return patch }
        var merged = object ?? JSONObject()
        for (key, change) in changes.members {
            // A bare nil would be JSON's null here, not the absence of a value.
            merged[key] =
                change.isNull
                ? JSONValue?.none : (merged[key] ?? .object(JSONObject())).merging(patch: change)
        }
        return .object(merged)
    }
}
