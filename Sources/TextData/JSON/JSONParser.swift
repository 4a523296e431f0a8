/// Why a text is not JSON, and at which byte.
package struct JSONProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// 0-based, within the text that was parsed.
    package let offset: Int
    package let reason: String

    package var description: String { "\(reason) at byte \(offset + 1)" }
}

/// A strict JSON reader (RFC 8259) over UTF-8 bytes, for files that nobody has checked.
package struct JSONParser {
    /// Deeper nesting than any file needs; the reader recurses once per level.
    package static let maximumDepth = 128

    private let text: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var depth = 0

    /// Reads one value and nothing after it but white space.
    package static func parse(
        _ text: UnsafeBufferPointer<UInt8>
    ) throws(JSONProblem) -> JSONValue {
        var parser = JSONParser(text: text)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.offset == text.count else {
            throw parser.problem("the value has ended, but more text follows")
        }
        return value
    }

    package static func parse(_ text: [UInt8]) throws(JSONProblem) -> JSONValue {
        let result = text.withUnsafeBufferPointer { buffer in
            Result { () throws(JSONProblem) in try parse(buffer) }
        }
        return try result.get()
    }

    private init(text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    private func problem(_ reason: String, at position: Int? = nil) -> JSONProblem {
        JSONProblem(offset: position ?? offset, reason: reason)
    }

    /// The byte at the cursor; 0 at the end, which no JSON text holds outside of a string.
    private var current: UInt8 { offset < text.count ? text[offset] : 0 }

    private mutating func skipSpace() {
        while offset < text.count {
            switch text[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    private mutating func value() throws(JSONProblem) -> JSONValue {
        skipSpace()
        guard offset < text.count else { throw problem("the text ends where a value should be") }
        switch text[offset] {
        case UInt8(ascii: "{"):
            return try nested { (parser) throws(JSONProblem) in
                try parser.object()
            }
        case UInt8(ascii: "["):
            return try nested { (parser) throws(JSONProblem) in
                try parser.array()
            }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw problem("this is not the start of a JSON value")
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONProblem) -> JSONValue
    ) throws(JSONProblem) -> JSONValue {
        guard depth < Self.maximumDepth else {
            throw problem("nested deeper than \(Self.maximumDepth) levels")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func word(
        _ word: StaticString, _ value: JSONValue
    ) throws(JSONProblem) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard text.count - offset >= length else { throw problem("not a JSON value") }
        for index in 0..<length where text[offset + index] != word.utf8Start[index] {
            throw problem("not a JSON value")
        }
        offset += length
        return value
    }

    private mutating func object() throws(JSONProblem) -> JSONValue {
        offset += 1
        var members: [JSONMember] = []
        skipSpace()
        if current == UInt8(ascii: "}") {
            offset += 1
            return .object(members)
        }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else {
                throw problem("a key in quotes should be here")
            }
            let key = try string()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw problem("':' should be here") }
            offset += 1
            members.append(JSONMember(key, try value()))
            if try isLast(closing: UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func array() throws(JSONProblem) -> JSONValue {
        offset += 1
        var elements: [JSONValue] = []
        skipSpace()
        if current == UInt8(ascii: "]") {
            offset += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            if try isLast(closing: UInt8(ascii: "]")) { return .array(elements) }
        }
    }

    /// Steps over "," or the closing bracket after an element.
    private mutating func isLast(closing: UInt8) throws(JSONProblem) -> Bool {
        skipSpace()
        guard offset < text.count else { throw problem("the text ends inside a list or object") }
        let byte = text[offset]
        guard byte == closing || byte == UInt8(ascii: ",") else {
            throw problem("',' or '\(Character(Unicode.Scalar(closing)))' should be here")
        }
        offset += 1
        return byte == closing
    }

    private mutating func number() throws(JSONProblem) -> JSONValue {
        let start = offset
        if current == UInt8(ascii: "-") { offset += 1 }
        if current == UInt8(ascii: "0") {
            offset += 1
        } else {
            try digits()
        }
        var isWhole = true
        if current == UInt8(ascii: ".") {
            isWhole = false
            offset += 1
            try digits()
        }
        if current | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            offset += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
            try digits()
        }
        let spelling = String(decoding: text[start..<offset], as: UTF8.self)
        if isWhole, let whole = Int(spelling) { return .integer(whole) }
        guard let real = Double(spelling), real.isFinite else {
            throw problem("the number is too large", at: start)
        }
        return .number(real)
    }

    private mutating func digits() throws(JSONProblem) {
        let start = offset
        while current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") { offset += 1 }
        guard offset > start else { throw problem("a digit should be here") }
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func string() throws(JSONProblem) -> String {
        offset += 1
        let start = offset
        while offset < text.count {
            let byte = text[offset]
            if byte == UInt8(ascii: "\"") {
                let content = try validated(
                    UnsafeBufferPointer(rebasing: text[start..<offset]), at: start)
                offset += 1
                return content
            }
            if byte == UInt8(ascii: "\\") { return try stringWithEscapes(from: start) }
            guard byte >= 0x20 else { throw problem("a control character in a string") }
            offset += 1
        }
        throw problem("the string is not closed", at: start - 1)
    }

    /// Goes on at the first backslash, with a copy.
    private mutating func stringWithEscapes(from start: Int) throws(JSONProblem) -> String {
        var bytes = Array(text[start..<offset])
        while offset < text.count {
            let byte = text[offset]
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                let result = bytes.withUnsafeBufferPointer { buffer in
                    Result { () throws(JSONProblem) in try validated(buffer, at: start) }
                }
                return try result.get()
            case UInt8(ascii: "\\"):
                try escape(into: &bytes)
            case 0..<0x20:
                throw problem("a control character in a string")
            default:
                bytes.append(byte)
                offset += 1
            }
        }
        throw problem("the string is not closed", at: start - 1)
    }

    private func validated(
        _ bytes: UnsafeBufferPointer<UInt8>, at start: Int
    ) throws(JSONProblem) -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw problem("a string is not valid UTF-8", at: start)
        }
        return string
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(JSONProblem) {
        let start = offset
        offset += 1
        let letter = current
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(letter)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"): bytes.append(contentsOf: try scalarEscape(from: start).utf8)
        default: throw problem("an unknown escape in a string", at: start)
        }
    }

    /// `\uXXXX`, or two of them that make a surrogate pair.
    private mutating func scalarEscape(from start: Int) throws(JSONProblem) -> String {
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code), current == UInt8(ascii: "\\") {
            offset += 1
            guard current == UInt8(ascii: "u") else {
                throw problem("half a surrogate pair is not a character", at: start)
            }
            offset += 1
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low) else {
                throw problem("half a surrogate pair is not a character", at: start)
            }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw problem("half a surrogate pair is not a character", at: start)
        }
        return String(scalar)
    }

    private mutating func hexadecimal() throws(JSONProblem) -> UInt32 {
        guard text.count - offset >= 4 else { throw problem("the text ends inside an escape") }
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(text[offset])).hexDigitValue else {
                throw problem("four hexadecimal digits should be here")
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}
