import SpinDomain

/// One thing that `spind doctor` looked at.
struct Finding {
    enum Verdict: String {
        case ok
        /// Works, but worse than it could.
        case warning
        /// `spind serve` would not start, or jobs would fail.
        case failure
    }

    let name: String
    let verdict: Verdict
    let detail: String
    /// What to do about it.
    let hint: String?

    static func ok(_ name: String, _ detail: String) -> Finding {
        Finding(name: name, verdict: .ok, detail: detail, hint: nil)
    }

    static func warning(_ name: String, _ detail: String, hint: String) -> Finding {
        Finding(name: name, verdict: .warning, detail: detail, hint: hint)
    }

    static func failure(_ name: String, _ detail: String, hint: String?) -> Finding {
        Finding(name: name, verdict: .failure, detail: detail, hint: hint)
    }

    /// What an error says.
    static func failure(_ name: String, _ error: any Error) -> Finding {
        guard let error = error as? SpinError else { return failure(name, "\(error)", hint: nil) }
        let problems = error.problems.map { $0.pointer + ": " + $0.detail }
        return failure(
            name, ([error.message] + problems).joined(separator: "; "), hint: error.hint)
    }

    var json: JSONValue {
        [
            "name": .string(name), "verdict": .string(verdict.rawValue),
            "detail": .string(detail), "hint": JSONValue(hint),
        ]
    }

    /// For people: one line, and one for the hint.
    var text: String {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        let line = padded(verdict.rawValue, 9) + padded(name, 12) + detail
        return hint.map { line + "\n" + String(repeating: " ", count: 21) + "→ " + $0 } ?? line
    }
}
