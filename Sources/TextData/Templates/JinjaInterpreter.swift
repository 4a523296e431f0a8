import SpinDomain

/// Runs a template once, within limits that no honest template meets.
struct JinjaInterpreter {
    /// How a run of statements ended.
    private enum Flow {
        case finished, leavesLoop, nextRound
    }

    private static let maximumSteps = 1_000_000
    static let maximumText = 32 << 20
    static let maximumElements = 1_000_000

    private var scopes: [[String: JinjaValue]]
    private var namespaces: [JinjaDictionary] = []
    private var output = ""
    private var steps = 0

    /// - Throws: `invalid` with the template's own words when it refuses the messages, `unsupported` when
    ///   it does something that cannot be done here.
    static func render(
        _ statements: [JinjaStatement], variables: [String: JinjaValue]
    ) throws -> String {
        var interpreter = JinjaInterpreter(scopes: [variables])
        _ = try interpreter.run(statements)
        return interpreter.output
    }

    private init(scopes: [[String: JinjaValue]]) {
        self.scopes = scopes
    }

    static func problem(_ line: Int, _ what: String) -> SpinError {
        SpinError(.unsupported, "chat template, line \(line): \(what)")
    }

    /// Counts one step of work.
    mutating func step(_ line: Int) throws {
        steps += 1
        guard steps <= Self.maximumSteps else {
            throw Self.problem(line, "it does not come to an end")
        }
    }

    private mutating func run(_ statements: [JinjaStatement]) throws -> Flow {
        for statement in statements {
            let flow = try run(statement)
            guard flow == .finished else { return flow }
        }
        return .finished
    }

    private mutating func run(_ statement: JinjaStatement) throws -> Flow {
        switch statement {
        case .text(let text): try write(text, line: 0)
        case .output(let expression):
            let value = try value(expression)
            try write(try text(value, expression.line), line: expression.line)
        case .conditional(let branches, let otherwise):
            for branch in branches where try value(branch.condition).isTrue {
                return try run(branch.body)
            }
            return try run(otherwise)
        case .loop(let loop): try run(loop)
        case .set(let target, let expression):
            try assign(try value(expression), to: target, expression.line)
        case .capture(let name, let body):
            let outer = output
            output = ""
            try runInOwnScope(body)
            scopes[scopes.count - 1][name] = .string(output)
            output = outer
        case .generation(let body): try runInOwnScope(body)
        case .leaveLoop: return .leavesLoop
        case .nextRound: return .nextRound
        }
        return .finished
    }

    private mutating func runInOwnScope(_ body: [JinjaStatement]) throws {
        scopes.append([:])
        defer { scopes.removeLast() }
        _ = try run(body)
    }

    private mutating func write(_ text: String, line: Int) throws {
        guard output.utf8.count + text.utf8.count <= Self.maximumText else {
            throw Self.problem(line, "the text becomes too long")
        }
        output += text
    }

    private mutating func assign(_ value: JinjaValue, to target: JinjaTarget, _ line: Int) throws {
        guard let attribute = target.attribute else {
            scopes[scopes.count - 1][target.name] = value
            return
        }
        guard case .namespace(let index) = lookUp(target.name) else {
            throw Self.problem(line, "'\(target.name)' is not a namespace")
        }
        namespaces[index][attribute] = value
    }

    // MARK: Loops

    private mutating func run(_ loop: JinjaLoop) throws {
        let line = loop.sequence.line
        var rounds: [[String: JinjaValue]] = []
        let sequence = try value(loop.sequence)
        for element in try elements(of: sequence, line) {
            try step(line)
            let round = try bindings(loop.targets, element, line)
            scopes.append(round)
            defer { scopes.removeLast() }
            if let condition = loop.condition, try !value(condition).isTrue { continue }
            rounds.append(round)
        }
        guard !rounds.isEmpty else { return try runInOwnScope(loop.otherwise) }
        let values = rounds.map { round in
            loop.targets.count == 1 ? round[loop.targets[0]] : nil
        }
        for (index, round) in rounds.enumerated() {
            var scope = round
            scope["loop"] = .dictionary(Self.loopVariable(index, values))
            scopes.append(scope)
            defer { scopes.removeLast() }
            if try run(loop.body) == .leavesLoop { break }
        }
    }

    private static func loopVariable(_ index: Int, _ values: [JinjaValue?]) -> JinjaDictionary {
        let count = values.count
        var loop: JinjaDictionary = [
            "index": .integer(index + 1), "index0": .integer(index),
            "revindex": .integer(count - index), "revindex0": .integer(count - index - 1),
            "first": .boolean(index == 0), "last": .boolean(index == count - 1),
            "length": .integer(count),
        ]
        if index > 0 { loop["previtem"] = values[index - 1] }
        if index + 1 < count { loop["nextitem"] = values[index + 1] }
        return loop
    }

    private func bindings(
        _ targets: [String], _ element: JinjaValue, _ line: Int
    ) throws -> [String: JinjaValue] {
        if targets.count == 1 { return [targets[0]: element] }
        guard case .list(let parts) = element, parts.count == targets.count else {
            throw Self.problem(line, "an element of the loop does not have \(targets.count) parts")
        }
        return Dictionary(zip(targets, parts), uniquingKeysWith: { $1 })
    }

    /// The elements that a loop runs over.
    func elements(of value: JinjaValue, _ line: Int) throws -> [JinjaValue] {
        switch value {
        case .undefined: return []
        case .list(let elements): return elements
        case .dictionary(let dictionary): return dictionary.members.map { .string($0.key) }
        case .string(let text): return text.unicodeScalars.map { .string(String($0)) }
        default: throw Self.problem(line, "\(value.kind) cannot be looped over")
        }
    }

    // MARK: Names

    func lookUp(_ name: String) -> JinjaValue {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return .undefined(name)
    }

    mutating func makeNamespace(_ contents: JinjaDictionary) -> JinjaValue {
        namespaces.append(contents)
        return .namespace(namespaces.count - 1)
    }

    func contents(ofNamespace index: Int) -> JinjaDictionary { namespaces[index] }

    /// The value as a template prints it.
    func text(_ value: JinjaValue, _ line: Int) throws -> String {
        switch value {
        case .undefined: return ""
        case .none: return "None"
        case .boolean(let flag): return flag ? "True" : "False"
        case .integer(let number): return String(number)
        case .number(let number): return String(number)
        case .string(let text): return text
        case .list, .dictionary, .namespace:
            throw Self.problem(line, "printing \(value.kind) without 'tojson'")
        }
    }
}
