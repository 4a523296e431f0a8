import Jobs
import SpinDomain

/// A change of a job, as a merge patch (RFC 7396) of what may be changed of its configuration, and
/// its place in the queue.
struct JobPatch: Sendable {
    private static let known = ["name", "labels", "priority", "spin", "queue_position"]
    private static let knownOfSpin = ["max_iterations", "ref_policy_kl_penalty"]

    /// Of the configuration.
    private let patch: JSONValue
    private let queuePosition: Int?
    private let iterations: Int?

    /// - Throws: `invalid` with every problem at once.
    init(json: JSONValue) throws {
        guard var patch = json.object else {
            throw Self.invalid([
                .init(pointer: "", detail: "expected an object, found \(json.kind)")
            ])
        }
        var problems = Self.unknown(in: patch, Self.known, pointer: "")
        problems += Self.problems(ofSpin: patch["spin"])
        if let labels = patch["labels"], !labels.isNull, labels.object == nil {
            problems.append(
                .init(pointer: "/labels", detail: "expected an object, found \(labels.kind)"))
        }
        queuePosition = patch["queue_position"]?.integer
        if let position = patch["queue_position"], (position.integer ?? 0) < 1 {
            problems.append(
                .init(pointer: "/queue_position", detail: "expected a whole number from 1"))
        }
        patch["queue_position"] = nil
        iterations = patch["spin"]?["max_iterations"]?.integer
        self.patch = .object(patch)
        guard problems.isEmpty else { throw Self.invalid(problems) }
    }

    var change: JobChange {
        JobChange(asksForIterations: iterations != nil, queuePosition: queuePosition) {
            try applied(to: $0)
        }
    }

    /// - Throws: `invalid`, by the rules of a whole configuration.
    private func applied(to configuration: JobConfiguration) throws -> JobConfiguration {
        var base = configuration
        // More iterations go on with the last value of lists that have one value for each; a number
        // that is not allowed is refused below.
        if let iterations, (1...10_000).contains(iterations) {
            base.spin.refPolicyKLPenalty = base.spin.refPolicyKLPenalty.extended(to: iterations)
            base.optim.learningRate = base.optim.learningRate.extended(to: iterations)
        }
        return try JobConfiguration(json: base.json.merging(patch: patch))
    }

    private static func problems(ofSpin spin: JSONValue?) -> [SpinError.FieldProblem] {
        guard let spin else { return [] }
        guard let object = spin.object else {
            return [.init(pointer: "/spin", detail: "expected an object, found \(spin.kind)")]
        }
        // A null would put the default in place of what the job has.
        let nulls = object.members.filter { knownOfSpin.contains($0.key) && $0.value.isNull }
        return unknown(in: object, knownOfSpin, pointer: "/spin")
            + nulls.map { .init(pointer: "/spin/" + $0.key, detail: "expected a number") }
    }

    private static func unknown(
        in object: JSONObject, _ known: [String], pointer: String
    ) -> [SpinError.FieldProblem] {
        object.keys.filter { !known.contains($0) }.map { key in
            .init(
                pointer: "\(pointer)/\(key)",
                detail: "cannot be changed" + Suggestion.text(for: key, among: known)
                    + "; here \(known.joined(separator: ", ")) can")
        }
    }

    private static func invalid(_ problems: [SpinError.FieldProblem]) -> SpinError {
        .invalid(
            "the change", problems: problems,
            hint: "POST /v1/jobs/{job}/clone makes a new job with any other change")
    }
}
