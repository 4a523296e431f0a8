import SpinDomain

/// The evaluated arguments of a function, method, filter or test.
struct JinjaCall {
    var positional: [JinjaValue] = []
    var named: [String: JinjaValue] = [:]

    /// Arguments by their names in order; a name without an argument stays out.
    ///
    /// - Throws: `unsupported` for arguments that are not among the names.
    func bound(to names: [String], _ what: String, _ line: Int) throws -> [String: JinjaValue] {
        guard positional.count <= names.count, named.keys.allSatisfy(names.contains) else {
            throw JinjaInterpreter.problem(line, "these arguments of '\(what)'")
        }
        return Dictionary(zip(names, positional), uniquingKeysWith: { $1 })
            .merging(named, uniquingKeysWith: { $1 })
    }
}

extension Dictionary<String, JinjaValue> {
    /// A text argument; nil where it is missing or none.
    func text(_ name: String, of what: String, _ line: Int) throws -> String? {
        switch self[name] {
        case nil, .some(.none): return nil
        case .string(let text): return text
        case .some(let other):
            throw JinjaInterpreter.problem(line, "'\(what)' with \(other.kind)")
        }
    }

    /// A whole number; nil where it is missing or none.
    func integer(_ name: String, of what: String, _ line: Int) throws -> Int? {
        switch self[name] {
        case nil, .some(.none): return nil
        case .some(let value):
            guard let number = value.asInteger else {
                throw JinjaInterpreter.problem(line, "'\(what)' with \(value.kind)")
            }
            return number
        }
    }
}
