import SpinDomain

/// A change of what a person may change of a job at any time: its name and its labels.
struct JobPatch: Sendable {
    private let name: JSONValue?
    /// Null removes the label.
    private let labels: [(key: String, value: JSONValue)]
    private let removesAllLabels: Bool

    /// - Throws: `invalid` with every problem at once.
    init(json: JSONValue) throws {
        guard let object = json.object else {
            throw Self.invalid([
                .init(pointer: "", detail: "expected an object, found \(json.kind)")
            ])
        }
        let known = ["name", "labels"]
        var problems = object.keys.filter { !known.contains($0) }.map { key in
            SpinError.FieldProblem(
                pointer: "/" + key,
                detail: "cannot be changed" + Suggestion.text(for: key, among: known)
                    + "; name and labels can")
        }
        name = object["name"]
        labels = object["labels"]?.object?.members ?? []
        removesAllLabels = object["labels"] == .null
        if let labels = object["labels"], labels != .null, labels.object == nil {
            problems.append(
                .init(pointer: "/labels", detail: "expected an object, found \(labels.kind)"))
        }
        guard problems.isEmpty else { throw Self.invalid(problems) }
    }

    private static func invalid(_ problems: [SpinError.FieldProblem]) -> SpinError {
        .invalid("the change", problems: problems)
    }

    /// - Throws: `invalid`, by the rules of a whole configuration.
    func apply(to configuration: inout JobConfiguration) throws {
        guard var document = configuration.json.object else { return }
        if let name { document["name"] = name }
        var present = removesAllLabels ? JSONObject() : document["labels"]?.object ?? JSONObject()
        for (key, value) in labels {
            // A bare nil would be JSON's null here, not the absence of a value.
            present[key] = value == .null ? JSONValue?.none : value
        }
        document["labels"] = .object(present)
        configuration = try JobConfiguration(json: .object(document))
    }
}
