import SpinDomain

/// How far a manual job may go on; an empty body asks for one iteration.
enum StepRequest: Equatable {
    case iterations(Int)
    case steps(Int)

    private static let largest = ["iterations": 10_000, "steps": 1_000_000_000]

    /// - Throws: `invalid`.
    init(document: JSONValue?) throws {
        guard let document, !document.isNull else {
            self = .iterations(1)
            return
        }
        guard let object = document.object else {
            throw Self.invalid("", "expected an object, found \(document.kind)")
        }
        let known = ["iterations", "steps"]
        if let key = object.keys.first(where: { !known.contains($0) }) {
            throw Self.invalid("/" + key, "unknown key" + Suggestion.text(for: key, among: known))
        }
        guard object.members.count < 2 else {
            throw Self.invalid("/steps", "either iterations or steps, not both")
        }
        guard let (key, value) = object.members.first else {
            self = .iterations(1)
            return
        }
        let largest = Self.largest[key] ?? 1
        guard let count = value.integer, (1...largest).contains(count) else {
            throw Self.invalid("/" + key, "expected a whole number from 1 to \(largest)")
        }
        self = key == "steps" ? .steps(count) : .iterations(count)
    }

    /// The request as it could have been written.
    var json: JSONValue {
        switch self {
        case .iterations(let count): ["iterations": .integer(count)]
        case .steps(let count): ["steps": .integer(count)]
        }
    }

    private static func invalid(_ pointer: String, _ detail: String) -> SpinError {
        .invalid("the request", problems: [.init(pointer: pointer, detail: detail)])
    }
}
