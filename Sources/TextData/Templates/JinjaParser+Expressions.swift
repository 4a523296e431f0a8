import SpinDomain

extension JinjaParser {
    typealias Expression = JinjaExpression

    /// - Parameter allowsChoice: whether `… if …` may follow.
    mutating func expression(allowsChoice: Bool = true) throws -> Expression {
        try nested { parser in
            let value = try parser.operation(above: 0)
            guard allowsChoice, parser.skip(word: "if") else { return value }
            let condition = try parser.operation(above: 0)
            let otherwise = parser.skip(word: "else") ? try parser.expression() : nil
            return try parser.node(
                .choice(condition: condition, then: value, otherwise: otherwise),
                over: [condition, value] + (otherwise.map { [$0] } ?? []))
        }
    }

    private func node(_ kind: Expression.Kind, over parts: [Expression] = []) throws -> Expression {
        let depth = 1 + (parts.map(\.depth).max() ?? 0)
        guard depth <= Expression.maximumDepth else { throw refusal("such a long expression") }
        return Expression(kind: kind, line: line, depth: depth)
    }

    /// Binary operators that bind tighter than a level, by precedence climbing.
    private mutating func operation(above level: Int) throws -> Expression {
        if level < 3, skip(word: "not") {
            let value = try nested { try $0.operation(above: 2) }
            return try binaryOperations(try node(.not(value), over: [value]), above: level)
        }
        return try binaryOperations(try unary(), above: level)
    }

    private mutating func binaryOperations(
        _ first: Expression, above level: Int
    ) throws -> Expression {
        var left = first
        while true {
            if level < JinjaRelation.precedence, let relation = relation() {
                left = try comparison(left, relation)
                continue
            }
            guard let operation = binaryOperator(), operation.precedence > level else {
                return left
            }
            advance()
            let right = try self.operation(above: operation.precedence)
            left = try node(.binary(operation, left, right), over: [left, right])
        }
    }

    private func binaryOperator() -> JinjaOperator? {
        switch current {
        case .name(let word): JinjaOperator(rawValue: word)
        case .symbol(let symbol): JinjaOperator(rawValue: symbol)
        default: nil
        }
    }

    /// The relation at the cursor, which is consumed.
    private mutating func relation() -> JinjaRelation? {
        if current == .name("not"), next == .name("in") {
            advance()
            advance()
            return .notContained
        }
        if skip(word: "in") { return .contained }
        guard case .symbol(let symbol) = current, let relation = JinjaRelation(rawValue: symbol)
        else {
            return nil
        }
        advance()
        return relation
    }

    private mutating func comparison(
        _ first: Expression, _ relation: JinjaRelation
    ) throws -> Expression {
        var pairs = [(relation: relation, right: try operation(above: JinjaRelation.precedence))]
        while let next = self.relation() {
            pairs.append((next, try operation(above: JinjaRelation.precedence)))
        }
        return try node(.comparison(first, pairs), over: [first] + pairs.map(\.right))
    }

    private mutating func unary() throws -> Expression {
        if skip(symbol: "-") {
            let value = try nested { try $0.postfix(try $0.primary()) }
            return try filtered(try node(.negative(value), over: [value]))
        }
        if current == .symbol("**") || next == .symbol("**") { throw refusal("'**'") }
        return try filtered(try postfix(try primary()))
    }

    // MARK: Primary expressions

    private mutating func primary() throws -> Expression {
        let kind = current
        advance()
        switch kind {
        case .string(let text): return try node(.literal(.string(text + adjacentStrings())))
        case .integer(let number): return try node(.literal(.integer(number)))
        case .number(let number): return try node(.literal(.number(number)))
        case .name(let name): return try named(name)
        case .symbol("["):
            let elements = try elements(closedBy: "]")
            return try node(.list(elements), over: elements)
        case .symbol("("): return try parenthesised()
        case .symbol("{"): return try dictionary()
        default:
            throw problem("an expression should be here")
        }
    }

    private mutating func adjacentStrings() -> String {
        var text = ""
        while case .string(let more) = current {
            text += more
            advance()
        }
        return text
    }

    private mutating func named(_ name: String) throws -> Expression {
        switch name {
        case "true", "True": return try node(.literal(.boolean(true)))
        case "false", "False": return try node(.literal(.boolean(false)))
        case "none", "None": return try node(.literal(.none))
        case "not", "and", "or", "if", "else", "in", "is": throw problem("unexpected '\(name)'")
        default: break
        }
        guard current == .symbol("(") else { return try node(.variable(name)) }
        guard let function = JinjaFunction(rawValue: name) else {
            throw refusal("the function '\(name)'")
        }
        let arguments = try arguments()
        return try node(.function(function, arguments), over: arguments.all)
    }

    /// Expressions up to a closing bracket; a comma may follow the last.
    private mutating func elements(closedBy bracket: String) throws -> [Expression] {
        var elements: [Expression] = []
        while !skip(symbol: bracket) {
            elements.append(try expression())
            guard skip(symbol: ",") else {
                try expect(.symbol(bracket), "'\(bracket)'")
                break
            }
        }
        return elements
    }

    private mutating func parenthesised() throws -> Expression {
        if skip(symbol: ")") { return try node(.list([])) }
        let first = try expression()
        if skip(symbol: ")") { return first }
        try expect(.symbol(","), "')'")
        let elements = [first] + (try elements(closedBy: ")"))
        return try node(.list(elements), over: elements)
    }

    private mutating func dictionary() throws -> Expression {
        var members: [(key: Expression, value: Expression)] = []
        while !skip(symbol: "}") {
            let key = try expression()
            try expect(.symbol(":"), "':'")
            members.append((key, try expression()))
            guard skip(symbol: ",") else {
                try expect(.symbol("}"), "'}'")
                break
            }
        }
        return try node(.dictionary(members), over: members.flatMap { [$0.key, $0.value] })
    }

    private mutating func arguments() throws -> JinjaArguments {
        var arguments = JinjaArguments()
        try expect(.symbol("("), "'('")
        while !skip(symbol: ")") {
            if current == .symbol("*") || current == .symbol("**") {
                throw refusal("passing a list of arguments")
            }
            if case .name(let name) = current, next == .symbol("=") {
                advance()
                advance()
                arguments.named.append((name, try expression()))
            } else {
                arguments.positional.append(try expression())
            }
            guard skip(symbol: ",") else {
                try expect(.symbol(")"), "')'")
                break
            }
        }
        return arguments
    }

    // MARK: What follows a primary expression

    private mutating func postfix(_ first: Expression) throws -> Expression {
        var value = first
        while true {
            if skip(symbol: ".") {
                value = try attribute(of: value)
            } else if skip(symbol: "[") {
                value = try subscripted(value)
            } else if current == .symbol("(") {
                throw refusal("calling a value")
            } else {
                return value
            }
        }
    }

    private mutating func attribute(of value: Expression) throws -> Expression {
        if case .integer(let place) = current {
            advance()
            let key = try node(.literal(.integer(place)))
            return try node(.item(value, key), over: [value])
        }
        let name = try expectName()
        guard current == .symbol("(") else {
            let key = try node(.literal(.string(name)))
            return try node(.item(value, key), over: [value])
        }
        guard let method = JinjaMethod(rawValue: name) else {
            throw refusal("the method '\(name)'")
        }
        let arguments = try arguments()
        return try node(.method(method, value, arguments), over: [value] + arguments.all)
    }

    private mutating func subscripted(_ value: Expression) throws -> Expression {
        var bounds: [Expression?] = []
        var isSlice = false
        while true {
            let isOmitted = current == .symbol(":") || current == .symbol("]")
            bounds.append(isOmitted ? nil : try expression())
            guard skip(symbol: ":") else { break }
            isSlice = true
        }
        try expect(.symbol("]"), "']'")
        if !isSlice, let key = bounds[0] { return try node(.item(value, key), over: [value, key]) }
        guard isSlice, bounds.count <= 3 else { throw problem("a bad subscript") }
        bounds += Array(repeating: nil, count: 3 - bounds.count)
        return try node(
            .slice(value, start: bounds[0], end: bounds[1], step: bounds[2]),
            over: [value] + bounds.compactMap { $0 })
    }

    /// `| filter(…)` and `is test`.
    private mutating func filtered(_ first: Expression) throws -> Expression {
        var value = first
        while true {
            if skip(symbol: "|") {
                let name = try expectName()
                guard let filter = JinjaFilter(rawValue: name) else {
                    throw refusal("the filter '\(name)'")
                }
                let arguments = current == .symbol("(") ? try arguments() : JinjaArguments()
                value = try node(.filter(filter, value, arguments), over: [value] + arguments.all)
            } else if skip(word: "is") {
                value = try tested(value)
            } else {
                return value
            }
        }
    }

    private mutating func tested(_ value: Expression) throws -> Expression {
        let isNegated = skip(word: "not")
        let name = try expectName()
        guard let test = JinjaTest(rawValue: name) else { throw refusal("the test '\(name)'") }
        var arguments = JinjaArguments()
        switch current {
        case .symbol("("): arguments = try self.arguments()
        case .name("else"), .name("or"), .name("and"), .name("is"), .name("if"), .name("in"),
            .name("not"):
            break
        case .name, .string, .integer, .number, .symbol("["), .symbol("{"):
            arguments.positional = [try nested { try $0.postfix(try $0.primary()) }]
        default: break
        }
        let result = try node(.test(test, value, arguments), over: [value] + arguments.all)
        return isNegated ? try node(.not(result), over: [result]) : result
    }
}
