import SpinDomain

/// The fields of a query, read by type; anything unexpected is refused with 400.
struct Query: Sendable {
    private let values: [String: String]

    /// - Throws: `malformed` for a name that is unknown or comes twice.
    init(_ fields: [(name: String, value: String)], known: [String]) throws {
        var values: [String: String] = [:]
        for (name, value) in fields {
            guard known.contains(name) else {
                let hint =
                    known.isEmpty
                    ? "this route takes no query parameters"
                    : "known here: \(known.joined(separator: ", "))"
                throw SpinError(
                    .malformed,
                    "unknown query parameter '\(name)'" + Suggestion.text(for: name, among: known),
                    hint: hint)
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw SpinError(.malformed, "the query parameter '\(name)' appears twice")
            }
        }
        self.values = values
    }

    func text(_ name: String) -> String? { values[name] }

    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let top = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw bad(name, "expected a whole number from \(range.lowerBound)\(top)")
        }
        return number
    }

    func number(_ name: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let text = values[name] else { return nil }
        guard let number = Double(text), range.contains(number) else {
            throw bad(name, "expected a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// False when absent; `?name` alone means true.
    func flag(_ name: String) throws -> Bool {
        switch values[name] {
        case nil, "false", "0": return false
        case "true", "1", "": return true
        default: throw bad(name, "expected true or false")
        }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String) throws -> Choice?
    where Choice.RawValue == String {
        guard let text = values[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue)
            throw bad(
                name,
                "expected one of \(known.joined(separator: ", "))"
                    + Suggestion.text(for: text, among: known))
        }
        return choice
    }

    func bad(_ name: String, _ what: String) -> SpinError {
        SpinError(
            .malformed, "the query parameter '\(name)' is '\(values[name] ?? "")': \(what)")
    }
}
