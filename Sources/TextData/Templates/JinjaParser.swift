import SpinDomain

/// Builds the statements of a template, and refuses whatever `JinjaInterpreter` could not run.
struct JinjaParser {
    private static let maximumNesting = 50

    private let tokens: [JinjaToken]
    private var index = 0
    private var nesting = 0

    /// - Throws: `malformed` for what is not a template, `unsupported` for parts of Jinja unknown here.
    static func statements(of source: String) throws -> [JinjaStatement] {
        var parser = JinjaParser(tokens: try JinjaLexer.tokens(of: source))
        let (statements, end) = try parser.statements(until: [])
        guard end == nil else { throw parser.problem("a block that was not opened ends") }
        return statements
    }

    private init(tokens: [JinjaToken]) {
        self.tokens = tokens
    }

    // MARK: Tokens

    var current: JinjaToken.Kind { tokens[index].kind }

    var next: JinjaToken.Kind { tokens[min(index + 1, tokens.count - 1)].kind }

    var line: Int { tokens[index].line }

    mutating func advance() {
        index = min(index + 1, tokens.count - 1)
    }

    func problem(_ what: String, _ code: SpinError.Code = .malformed) -> SpinError {
        SpinError(code, "chat template, line \(line): \(what)")
    }

    func refusal(_ what: String) -> SpinError {
        problem("\(what) is not supported", .unsupported)
    }

    mutating func skip(_ kind: JinjaToken.Kind) -> Bool {
        guard current == kind else { return false }
        advance()
        return true
    }

    mutating func skip(symbol: String) -> Bool { skip(.symbol(symbol)) }

    mutating func skip(word: String) -> Bool { skip(.name(word)) }

    mutating func expect(_ kind: JinjaToken.Kind, _ what: String) throws {
        guard skip(kind) else { throw problem("\(what) should be here") }
    }

    mutating func expectName() throws -> String {
        guard case .name(let name) = current else { throw problem("a name should be here") }
        advance()
        return name
    }

    /// Runs the body one level deeper.
    mutating func nested<Result>(_ body: (inout JinjaParser) throws -> Result) throws -> Result {
        guard nesting < Self.maximumNesting else { throw refusal("such deep nesting") }
        nesting += 1
        defer { nesting -= 1 }
        return try body(&self)
    }
}

// MARK: - Statements

extension JinjaParser {
    /// Reads until a block that begins with one of the words, which is consumed up to the word, or to the end.
    private mutating func statements(
        until ends: Set<String>
    ) throws -> (statements: [JinjaStatement], end: String?) {
        var statements: [JinjaStatement] = []
        while true {
            switch current {
            case .end:
                guard ends.isEmpty else { throw problem("a block is not closed") }
                return (statements, nil)
            case .text(let text):
                advance()
                statements.append(.text(text))
            case .outputStart:
                advance()
                statements.append(.output(try expression()))
                try expect(.outputEnd, "'}}'")
            case .blockStart:
                advance()
                let word = try expectName()
                if ends.contains(word) { return (statements, word) }
                statements.append(try nested { try $0.statement(word) })
            default:
                throw problem("text or a tag should be here")
            }
        }
    }

    /// Reads a body and the closing tag that ends it.
    private mutating func body(closedBy end: String) throws -> [JinjaStatement] {
        let (statements, _) = try statements(until: [end])
        try expect(.blockEnd, "'%}'")
        return statements
    }

    private mutating func statement(_ word: String) throws -> JinjaStatement {
        switch word {
        case "if": return try conditional()
        case "for": return .loop(try loop())
        case "set": return try set()
        case "generation":
            try expect(.blockEnd, "'%}'")
            return .generation(try body(closedBy: "endgeneration"))
        case "break":
            try expect(.blockEnd, "'%}'")
            return .leaveLoop
        case "continue":
            try expect(.blockEnd, "'%}'")
            return .nextRound
        case "else", "elif", "endif", "endfor", "endset", "endgeneration":
            throw problem("'\(word)' belongs to no open block")
        default:
            throw refusal("the block '\(word)'")
        }
    }

    private mutating func conditional() throws -> JinjaStatement {
        var branches: [(condition: JinjaExpression, body: [JinjaStatement])] = []
        while true {
            let condition = try expression()
            try expect(.blockEnd, "'%}'")
            let (body, end) = try statements(until: ["elif", "else", "endif"])
            branches.append((condition, body))
            if end == "elif" { continue }
            try expect(.blockEnd, "'%}'")
            let otherwise = end == "else" ? try self.body(closedBy: "endif") : []
            return .conditional(branches, otherwise: otherwise)
        }
    }

    private mutating func loop() throws -> JinjaLoop {
        var targets = [try expectName()]
        while skip(symbol: ",") { targets.append(try expectName()) }
        guard skip(word: "in") else { throw problem("'in' should be here") }
        // A condition after the sequence filters it; it is no choice between two sequences.
        let sequence = try expression(allowsChoice: false)
        let condition = skip(word: "if") ? try expression() : nil
        if current == .name("recursive") { throw refusal("a recursive loop") }
        try expect(.blockEnd, "'%}'")
        let (body, end) = try statements(until: ["else", "endfor"])
        try expect(.blockEnd, "'%}'")
        let otherwise = end == "else" ? try self.body(closedBy: "endfor") : []
        return JinjaLoop(
            targets: targets, sequence: sequence, condition: condition, body: body,
            otherwise: otherwise)
    }

    private mutating func set() throws -> JinjaStatement {
        let name = try expectName()
        let attribute = skip(symbol: ".") ? try expectName() : nil
        if skip(symbol: "=") {
            let value = try expression()
            if current == .symbol(",") { throw refusal("a tuple without parentheses") }
            try expect(.blockEnd, "'%}'")
            return .set(JinjaTarget(name: name, attribute: attribute), value)
        }
        guard attribute == nil, current == .blockEnd else {
            throw refusal("setting several names, or with a filter,")
        }
        advance()
        return .capture(name, try body(closedBy: "endset"))
    }
}
