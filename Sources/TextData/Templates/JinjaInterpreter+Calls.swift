import SpinDomain

extension JinjaInterpreter {
    /// Transformers' globals for chat templates.
    mutating func call(
        _ function: JinjaFunction, _ call: JinjaCall, _ line: Int
    ) throws -> JinjaValue {
        switch function {
        case .raiseException:
            let arguments = try call.bound(to: ["message"], "raise_exception", line)
            let message = try text(arguments["message"] ?? .none, line)
            throw SpinError(.invalid, "the model's chat template refuses the messages: \(message)")
        case .namespace, .dict:
            var contents: JinjaDictionary = [:]
            for value in call.positional {
                guard case .dictionary(let dictionary) = value else {
                    throw Self.problem(line, "'\(function.rawValue)' of \(value.kind)")
                }
                for member in dictionary.members { contents[member.key] = member.value }
            }
            for (name, value) in call.named.sorted(by: { $0.key < $1.key }) {
                contents[name] = value
            }
            return function == .dict ? .dictionary(contents) : makeNamespace(contents)
        case .range: return try range(call, line)
        case .now: throw Self.problem(line, "'strftime_now' would make the text depend on the day")
        }
    }

    private func range(_ call: JinjaCall, _ line: Int) throws -> JinjaValue {
        let numbers = call.positional.compactMap(\.asInteger)
        guard call.named.isEmpty, numbers.count == call.positional.count,
            (1...3).contains(numbers.count)
        else { throw Self.problem(line, "these arguments of 'range'") }
        let start = numbers.count == 1 ? 0 : numbers[0]
        let end = numbers.count == 1 ? numbers[0] : numbers[1]
        let step = numbers.count == 3 ? numbers[2] : 1
        let isSmall = [start, end, step].allSatisfy { abs($0.clamped) <= Self.maximumElements }
        guard step != 0, isSmall else { throw Self.problem(line, "such a 'range'") }
        return .list(stride(from: start, to: end, by: step).map { .integer($0) })
    }

    mutating func call(
        _ method: JinjaMethod, _ base: JinjaValue, _ call: JinjaCall, _ line: Int
    ) throws -> JinjaValue {
        switch base {
        case .dictionary(let dictionary): return try Self.call(method, dictionary, call, line)
        case .string(let text): return try self.call(method, text, call, line)
        default: throw Self.problem(line, "'\(method.rawValue)' of \(base.kind)")
        }
    }

    private static func call(
        _ method: JinjaMethod, _ dictionary: JinjaDictionary, _ call: JinjaCall, _ line: Int
    ) throws -> JinjaValue {
        switch method {
        case .items: return .list(dictionary.members.map { .list([.string($0.key), $0.value]) })
        case .keys: return .list(dictionary.members.map { .string($0.key) })
        case .values: return .list(dictionary.members.map(\.value))
        case .get:
            let arguments = try call.bound(to: ["key", "default"], "get", line)
            guard case .string(let key) = arguments["key"] else {
                throw problem(line, "'get' without a string")
            }
            return dictionary[key] ?? arguments["default"] ?? .none
        default: throw problem(line, "'\(method.rawValue)' of a dictionary")
        }
    }

    private func call(
        _ method: JinjaMethod, _ string: String, _ call: JinjaCall, _ line: Int
    ) throws -> JinjaValue {
        let name = method.rawValue
        func argument(_ names: [String]) throws -> [String: JinjaValue] {
            try call.bound(to: names, name, line)
        }
        func required() throws -> String {
            guard let text = try argument(["text"]).text("text", of: name, line) else {
                throw Self.problem(line, "'\(name)' without an argument")
            }
            return text
        }
        switch method {
        case .strip, .lstrip, .rstrip:
            let characters = try argument(["chars"]).text("chars", of: name, line)
            return .string(
                string.stripped(characters, left: method != .rstrip, right: method != .lstrip))
        case .split: return try split(string, try argument(["sep", "maxsplit"]), line)
        case .startswith, .endswith:
            let texts = try alternatives(call, name, line)
            return .boolean(
                texts.contains {
                    method == .startswith ? string.startsSpelled($0) : string.endsSpelled($0)
                })
        case .upper: return .string(string.uppercased())
        case .lower: return .string(string.lowercased())
        case .capitalize: return .string(string.capitalizedFirst())
        case .replace: return try replace(string, call, line)
        case .removeprefix:
            let prefix = try required()
            return .string(
                string.startsSpelled(prefix)
                    ? String(decoding: string.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
                    : string)
        case .removesuffix:
            let suffix = try required()
            return .string(
                string.endsSpelled(suffix)
                    ? String(decoding: string.utf8.dropLast(suffix.utf8.count), as: UTF8.self)
                    : string)
        case .join:
            let list = try argument(["list"])["list"] ?? .none
            return try join(try elements(of: list, line), separator: string, line)
        case .find:
            guard let range = string.firstOccurrence(of: try required()) else {
                return .integer(-1)
            }
            return .integer(string.unicodeScalars[..<range.lowerBound].count)
        case .count:
            let part = try required()
            let count =
                part.isEmpty ? string.unicodeScalars.count + 1 : string.occurrences(of: part).count
            return .integer(count)
        case .items, .keys, .values, .get: throw Self.problem(line, "'\(name)' of a string")
        }
    }

    private func alternatives(_ call: JinjaCall, _ name: String, _ line: Int) throws -> [String] {
        let argument = try call.bound(to: ["text"], name, line)["text"]
        let values =
            if case .list(let elements) = argument { elements } else { [argument ?? .none] }
        return try values.map { value in
            guard case .string(let text) = value else {
                throw Self.problem(line, "'\(name)' with \(value.kind)")
            }
            return text
        }
    }

    private func split(
        _ string: String, _ arguments: [String: JinjaValue], _ line: Int
    ) throws -> JinjaValue {
        let limit = try arguments.integer("maxsplit", of: "split", line)
        guard let separator = try arguments.text("sep", of: "split", line) else {
            guard limit == nil else { throw Self.problem(line, "'split' at spaces with a limit") }
            return .list(string.words().map { .string($0) })
        }
        guard !separator.isEmpty else { throw Self.problem(line, "'split' at nothing") }
        let places = string.occurrences(of: separator, limit: limit.flatMap { $0 < 0 ? nil : $0 })
        return .list(string.cut(at: places).map { .string($0) })
    }

    func replace(_ string: String, _ call: JinjaCall, _ line: Int) throws -> JinjaValue {
        let arguments = try call.bound(to: ["old", "new", "count"], "replace", line)
        guard let old = try arguments.text("old", of: "replace", line), !old.isEmpty,
            let new = try arguments.text("new", of: "replace", line)
        else { throw Self.problem(line, "'replace' without two texts") }
        let limit = try arguments.integer("count", of: "replace", line)
        let places = string.occurrences(of: old, limit: limit.flatMap { $0 < 0 ? nil : $0 })
        return try join(string.cut(at: places).map { .string($0) }, separator: new, line)
    }

    func join(_ values: [JinjaValue], separator: String, _ line: Int) throws -> JinjaValue {
        var result = ""
        for (index, value) in values.enumerated() {
            if index > 0 { result += separator }
            result += try text(value, line)
            guard result.utf8.count <= Self.maximumText else {
                throw Self.problem(line, "the text becomes too long")
            }
        }
        return .string(result)
    }
}

extension Int {
    /// The number, or one whose magnitude exists.
    fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
