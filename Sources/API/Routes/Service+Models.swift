import MicroHTTP
import SpinDomain

// Models by name; the files stay where they are.

extension Service {
    func registerModel(_ call: Call) throws -> HTTPResponse {
        let request = try ModelRegistration(
            json: try call.requiredDocument(), hint: folders.modelsHint)
        let path = try folders.modelPath(request.path)
        let summary: ModelSummary
        do {
            summary = try engine.inspectModel(path: path)
        } catch let error as SpinError where error.code == .inputOutput {
            // The client named the path, so that it is for the client to put right.
            throw SpinError(.unsupported, error.message, hint: error.hint)
        }
        let isKnown = try store.models().contains { $0.name == request.name }
        try store.insert(
            model: ModelRecord(
                name: request.name, path: path, summary: summary, createdAt: clock.now()))
        return .json(
            try store.model(request.name).json, status: isKnown ? 200 : 201,
            headers: [("Location", Link.model(request.name))])
    }

    func listModels(_ call: Call) throws -> HTTPResponse {
        ListAnswer(try store.models(), id: { .string($0.name) }, json: \.json).response
    }

    func showModel(_ call: Call) throws -> HTTPResponse {
        .json(try store.model(call.parameter("model")).json)
    }

    func deleteModel(_ call: Call) throws -> HTTPResponse {
        try store.delete(model: call.parameter("model"))
        return .noContent
    }
}

/// The body of a registration: a name and a path.
private struct ModelRegistration {
    let name: String
    let path: String

    /// - Parameter hint: where models may lie.
    /// - Throws: `invalid` with every problem at once.
    init(json: JSONValue, hint: String) throws {
        guard let object = json.object else {
            throw Self.invalid(
                [.init(pointer: "", detail: "expected an object, found \(json.kind)")], hint)
        }
        let known = ["name", "path"]
        var problems = object.keys.filter { !known.contains($0) }.map { key in
            SpinError.FieldProblem(
                pointer: "/" + key,
                detail: "unknown key" + Suggestion.text(for: key, among: known)
                    + "; known here: name, path")
        }
        name = object["name"]?.string ?? ""
        path = object["path"]?.string ?? ""
        if !ResourceName.isValid(name) {
            problems.append(.init(pointer: "/name", detail: "expected \(ResourceName.rule)"))
        } else if name.hasPrefix("ckpt_") {
            // A job's `model` may be a checkpoint's id.
            problems.append(.init(pointer: "/name", detail: "ckpt_ is for checkpoints"))
        }
        if path.isEmpty {
            problems.append(.init(pointer: "/path", detail: "expected a path in a models folder"))
        }
        guard problems.isEmpty else { throw Self.invalid(problems, hint) }
    }

    private static func invalid(
        _ problems: [SpinError.FieldProblem], _ hint: String
    ) -> SpinError {
        .invalid("the model", problems: problems, hint: hint)
    }
}
