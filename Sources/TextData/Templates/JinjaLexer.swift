import SpinDomain

/// Cuts a template into tokens, with the white space rules that chat templates are written for:
/// `trim_blocks` and `lstrip_blocks` are on, and `-` and `+` in a tag override them.
struct JinjaLexer {
    private let scalars: [Unicode.Scalar]
    private var offset = 0
    private var line = 1
    private var tokens: [JinjaToken] = []
    /// Whether the text at the cursor begins a line, as far as `lstrip_blocks` is concerned.
    private var startsLine = true
    /// Where the text behind the last tag begins, before `trim_blocks`.
    private var tagEnd = 0

    /// - Throws: `malformed` for a template that is not closed properly.
    static func tokens(of source: String) throws -> [JinjaToken] {
        var lexer = JinjaLexer(source)
        try lexer.run()
        return lexer.tokens
    }

    /// Line ends become "\n", and one at the very end is dropped, as Jinja does.
    private init(_ source: String) {
        var scalars: [Unicode.Scalar] = []
        for scalar in source.unicodeScalars {
            if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
            scalars.append(scalar)
        }
        scalars = scalars.map { $0 == "\r" ? "\n" : $0 }
        if scalars.last == "\n" { scalars.removeLast() }
        self.scalars = scalars
    }

    private func problem(_ what: String) -> SpinError {
        SpinError(.malformed, "chat template, line \(line): \(what)")
    }

    private mutating func append(_ kind: JinjaToken.Kind) {
        tokens.append(JinjaToken(kind: kind, line: line))
    }

    private func stands(_ text: String, at place: Int) -> Bool {
        var place = place
        for scalar in text.unicodeScalars {
            guard place < scalars.count, scalars[place] == scalar else { return false }
            place += 1
        }
        return true
    }

    private mutating func advance(to place: Int) {
        line += scalars[offset..<place].count { $0 == "\n" }
        offset = place
    }

    private mutating func run() throws {
        while offset < scalars.count {
            var place = offset
            while place < scalars.count, !isTag(at: place) { place += 1 }
            let text = scalars[offset..<place]
            guard place < scalars.count else {
                appendText(text)
                break
            }
            appendText(trimmed(text, before: place))
            advance(to: place)
            try tag()
        }
        append(.end)
    }

    private func isTag(at place: Int) -> Bool {
        scalars[place] == "{" && ["{{", "{%", "{#"].contains { stands($0, at: place) }
    }

    private mutating func appendText(_ text: ArraySlice<Unicode.Scalar>) {
        guard !text.isEmpty else { return }
        append(.text(String(String.UnicodeScalarView(text))))
    }

    /// The text before a tag without the white space that the tag takes away.
    private func trimmed(
        _ text: ArraySlice<Unicode.Scalar>, before tag: Int
    ) -> ArraySlice<Unicode.Scalar> {
        let sign = tag + 2 < scalars.count ? scalars[tag + 2] : " "
        if sign == "-" { return text.dropLastSpace() }
        if sign == "+" || stands("{{", at: tag) { return text }
        let indentation = text.reversed().prefix { $0 != "\n" }.count
        guard indentation < text.count || startsLine else { return text }
        let start = text.endIndex - indentation
        return text[start...].allSatisfy(\.isPythonSpace) ? text[..<start] : text
    }

    private mutating func tag() throws {
        if stands("{#", at: offset) { return try comment() }
        let isBlock = stands("{%", at: offset)
        append(isBlock ? .blockStart : .outputStart)
        let start = offset
        advance(to: offset + 2)
        if offset < scalars.count, scalars[offset] == "-" || (isBlock && scalars[offset] == "+") {
            offset += 1
        }
        let first = tokens.count
        try expressionTokens(isBlock: isBlock)
        if isBlock, tokens.count == first + 2, tokens[first].kind == .name("raw") {
            tokens.removeLast(3)
            try raw(from: start)
        }
    }

    private mutating func comment() throws {
        var place = offset + 2
        while place < scalars.count, !stands("#}", at: place) { place += 1 }
        guard place < scalars.count else { throw problem("a comment is not closed") }
        let isTrimmed = scalars[place - 1] == "-"
        let isKept = scalars[place - 1] == "+"
        advance(to: place + 2)
        skipAfterTag(isTrimmed: isTrimmed, dropsLineFeed: !isKept)
    }

    /// What `-` or `trim_blocks` take away behind a tag.
    private mutating func skipAfterTag(isTrimmed: Bool, dropsLineFeed: Bool) {
        var place = offset
        if isTrimmed {
            while place < scalars.count, scalars[place].isPythonSpace { place += 1 }
        } else if dropsLineFeed, stands("\n", at: place) {
            place += 1
        }
        startsLine = place > offset && scalars[place - 1] == "\n"
        advance(to: place)
    }

    /// Copies everything up to `{% endraw %}`.
    private mutating func raw(from start: Int) throws {
        // The one kind of tag that leaves the line feed behind it alone.
        let text = tagEnd
        while offset < scalars.count {
            guard stands("{%", at: offset) else {
                advance(to: offset + 1)
                continue
            }
            let tagStart = offset
            var ahead = self
            ahead.tokens = []
            ahead.advance(to: offset + 2)
            if ahead.stands("-", at: ahead.offset) { ahead.offset += 1 }
            let isRead: Void? = try? ahead.expressionTokens(isBlock: true)
            guard isRead != nil, ahead.tokens.map(\.kind) == [.name("endraw"), .blockEnd] else {
                advance(to: offset + 1)
                continue
            }
            appendText(trimmed(scalars[text..<tagStart], before: tagStart))
            ahead.tokens = tokens
            self = ahead
            return
        }
        throw problem("a raw block is not closed")
    }
}

// MARK: - Inside of tags

extension JinjaLexer {
    private static let symbols = [
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
        "}",
        ">", "<", "=", ".", ":", "|", ",",
    ]

    /// Reads tokens up to and with the tag's end.
    private mutating func expressionTokens(isBlock: Bool) throws {
        let close = isBlock ? "%}" : "}}"
        var brackets = 0
        while offset < scalars.count {
            let scalar = scalars[offset]
            if brackets == 0 {
                let isSigned = scalar == "-" || (isBlock && scalar == "+")
                if stands(close, at: offset + (isSigned ? 1 : 0)) {
                    append(isBlock ? .blockEnd : .outputEnd)
                    offset += isSigned ? 3 : 2
                    tagEnd = offset
                    skipAfterTag(isTrimmed: scalar == "-", dropsLineFeed: isBlock && scalar != "+")
                    if scalar == "-" { tagEnd = offset }
                    return
                }
            }
            if scalar.isPythonSpace {
                advance(to: offset + 1)
            } else if scalar == "'" || scalar == "\"" {
                try string(quote: scalar)
            } else if scalar.isDecimalDigit {
                try number()
            } else if scalar.startsName {
                let start = offset
                while offset < scalars.count, scalars[offset].continuesName { offset += 1 }
                append(.name(String(String.UnicodeScalarView(scalars[start..<offset]))))
            } else if let symbol = Self.symbols.first(where: { stands($0, at: offset) }) {
                if "([{".contains(symbol) { brackets += 1 }
                if ")]}".contains(symbol) { brackets -= 1 }
                guard brackets >= 0 else { throw problem("'\(symbol)' closes nothing") }
                append(.symbol(symbol))
                offset += symbol.unicodeScalars.count
            } else {
                throw problem("unexpected '\(scalar)'")
            }
        }
        throw problem("a tag is not closed")
    }

    private mutating func number() throws {
        let start = offset
        while offset < scalars.count, scalars[offset].isDecimalDigit { offset += 1 }
        var isWhole = true
        // Behind a dot it is a place in a list, and so may be the next.
        let isPlace = tokens.last?.kind == .symbol(".")
        if !isPlace, stands(".", at: offset), offset + 1 < scalars.count,
            scalars[offset + 1].isDecimalDigit
        {
            isWhole = false
            offset += 1
            while offset < scalars.count, scalars[offset].isDecimalDigit { offset += 1 }
        }
        let text = String(String.UnicodeScalarView(scalars[start..<offset]))
        if isWhole, let value = Int(text) {
            append(.integer(value))
        } else if !isWhole, let value = Double(text) {
            append(.number(value))
        } else {
            throw problem("the number \(text) is too large")
        }
    }

    private mutating func string(quote: Unicode.Scalar) throws {
        var content = String.UnicodeScalarView()
        var place = offset + 1
        while place < scalars.count, scalars[place] != quote {
            if scalars[place] == "\\", place + 1 < scalars.count {
                place += 1
                try escape(&place, into: &content)
            } else {
                content.append(scalars[place])
                place += 1
            }
        }
        guard place < scalars.count else { throw problem("a string is not closed") }
        append(.string(String(content)))
        advance(to: place + 1)
    }

    /// Python's escapes; an unknown one keeps its backslash.
    private func escape(_ place: inout Int, into content: inout String.UnicodeScalarView) throws {
        let letter = scalars[place]
        place += 1
        switch letter {
        case "n": content.append("\n")
        case "t": content.append("\t")
        case "r": content.append("\r")
        case "\\", "'", "\"": content.append(letter)
        case "\n": break
        case "x": content.append(try code(&place, digits: 2))
        case "u": content.append(try code(&place, digits: 4))
        case "a", "b", "f", "v", "U", "N", "0"..."7": throw problem("the escape '\\\(letter)'")
        default:
            content.append("\\")
            content.append(letter)
        }
    }

    private func code(_ place: inout Int, digits: Int) throws -> Unicode.Scalar {
        let end = min(place + digits, scalars.count)
        let text = String(String.UnicodeScalarView(scalars[place..<end]))
        guard text.utf8.count == digits, let value = UInt32(text, radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw problem("a bad escape in a string") }
        place = end
        return scalar
    }
}

extension Unicode.Scalar {
    /// What Python's `str.isspace` and `str.strip` take for white space.
    var isPythonSpace: Bool {
        properties.isWhitespace || ("\u{1C}"..."\u{1F}").contains(self)
    }

    fileprivate var isDecimalDigit: Bool { ("0"..."9").contains(self) }

    fileprivate var startsName: Bool {
        ("a"..."z").contains(self) || ("A"..."Z").contains(self) || self == "_"
    }

    fileprivate var continuesName: Bool { startsName || isDecimalDigit }
}

extension BidirectionalCollection<Unicode.Scalar> {
    /// Without the white space at the end.
    func dropLastSpace() -> SubSequence {
        var end = endIndex
        while end > startIndex {
            let before = index(before: end)
            guard self[before].isPythonSpace else { break }
            end = before
        }
        return self[..<end]
    }
}
