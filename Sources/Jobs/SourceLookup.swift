import SpinDomain

/// The files behind the names of a configuration.
struct SourceLookup {
    /// Nil when model or data set are unknown.
    ///
    /// An unknown validation set is left out, so that the rest can be checked none the less.
    let found: RunSources?
    /// The checkpoint that the model is, under its own id or as a registered model.
    let parentCheckpoint: String?
    let problems: [SpinError.FieldProblem]

    init(_ configuration: JobConfiguration, in store: any JobStore) throws {
        var problems: [SpinError.FieldProblem] = []
        let model = try Self.modelPath(configuration.model, in: store, &problems)
        let dataset = try Self.datasetPath(
            configuration.dataset, pointer: "/dataset", in: store, &problems)
        let validation = try configuration.validationDataset.flatMap {
            try Self.datasetPath($0, pointer: "/validation_dataset", in: store, &problems)
        }
        if let model, let dataset {
            found = RunSources(
                modelPath: model, datasetPath: dataset, validationPath: validation)
        } else {
            found = nil
        }
        parentCheckpoint = try model.flatMap { path in
            try store.checkpoint(path: CheckpointFolders.normalised(path))?.id
        }
        self.problems = problems
    }

    var error: SpinError { .invalid("the configuration", problems: problems) }

    /// - Throws: `invalid` when a name is unknown.
    func sources() throws -> RunSources {
        guard let found, problems.isEmpty else { throw error }
        return found
    }

    private static func modelPath(
        _ name: String, in store: any JobStore, _ problems: inout [SpinError.FieldProblem]
    ) throws -> String? {
        if let path = try present({ try store.model(name).path }) { return path }
        if let path = try present({ try store.checkpoint(name).path }) { return path }
        let known = try store.models().map(\.name)
        problems.append(
            .init(
                pointer: "/model",
                detail: "no model or checkpoint is named '\(name)'"
                    + advice(name, known, other: "POST /v1/models gives a model its name")))
        return nil
    }

    private static func datasetPath(
        _ name: String, pointer: String, in store: any JobStore,
        _ problems: inout [SpinError.FieldProblem]
    ) throws -> String? {
        if let path = try present({ try store.dataset(name).path }) { return path }
        let known = try store.datasets().map(\.name)
        problems.append(
            .init(
                pointer: pointer,
                detail: "no data set is named '\(name)'"
                    + advice(
                        name, known, other: "POST /v1/datasets?name=\(name) takes JSON lines")))
        return nil
    }

    /// - Parameter other: what helps where nothing is registered yet.
    private static func advice(_ name: String, _ known: [String], other: String) -> String {
        known.isEmpty ? ": \(other)" : Suggestion.text(for: name, among: known)
    }

    /// Nil for what is not found.
    private static func present<Value>(_ value: () throws -> Value) throws -> Value? {
        do {
            return try value()
        } catch let error as SpinError where error.code == .notFound {
            return nil
        }
    }
}
