/// A strict JSON reader (RFC 8259) over UTF-8 bytes, for texts that nobody has checked: no duplicate
/// keys, no lone surrogates, bounded depth.
public struct JSONParser {
    /// Deeper nesting than any file needs; the reader recurses once per level.
    public static let maximumDepth = 128

    private let text: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var depth = 0

    /// Reads one value and nothing after it but white space.
    ///
    /// - Throws: `malformed` with the column of the first fault, in bytes from 1, and its line where
    ///   the text has several.
    public static func parse(_ text: some Sequence<UInt8>) throws(SpinError) -> JSONValue {
        let result = text.withContiguousStorageIfAvailable { buffer in
            Result { () throws(SpinError) in try document(buffer) }
        }
        if let result { return try result.get() }
        return try parse(Array(text))
    }

    /// The members of a file that must be one JSON object.
    ///
    /// - Throws: `damagedFile` that names the file.
    package static func parseObject(
        _ text: some Sequence<UInt8>, file: String
    ) throws(SpinError) -> JSONObject {
        let value: JSONValue
        do {
            value = try parse(text)
        } catch {
            throw SpinError.damaged(file, error.message)
        }
        guard let object = value.object else { throw SpinError.damaged(file, "not a JSON object") }
        return object
    }

    private static func document(
        _ text: UnsafeBufferPointer<UInt8>
    ) throws(SpinError) -> JSONValue {
        var parser = JSONParser(text: text)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.offset == text.count else {
            throw parser.fault("the value has ended, but more text follows")
        }
        return value
    }

    private init(text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    private func fault(_ reason: String, at position: Int? = nil) -> SpinError {
        let before = text[..<min(position ?? offset, text.count)]
        let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        let line = before.count { $0 == 0x0A } + 1
        let place = text.contains(0x0A) ? "line \(line), column \(column)" : "column \(column)"
        return SpinError(.malformed, "not valid JSON at \(place): \(reason)")
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

    private mutating func value() throws(SpinError) -> JSONValue {
        skipSpace()
        guard offset < text.count else { throw fault("the text ends where a value should be") }
        switch text[offset] {
        case UInt8(ascii: "{"):
            return try nested { (parser) throws(SpinError) in
                try parser.object()
            }
        case UInt8(ascii: "["):
            return try nested { (parser) throws(SpinError) in
                try parser.array()
            }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw fault("expected a value")
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(SpinError) -> JSONValue
    ) throws(SpinError) -> JSONValue {
        guard depth < Self.maximumDepth else {
            throw fault("nested deeper than \(Self.maximumDepth) levels")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func word(
        _ word: StaticString, _ value: JSONValue
    ) throws(SpinError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard text.count - offset >= length else { throw fault("expected a value") }
        for index in 0..<length where text[offset + index] != word.utf8Start[index] {
            throw fault("expected a value")
        }
        offset += length
        return value
    }

    private mutating func object() throws(SpinError) -> JSONValue {
        offset += 1
        var object = JSONObject()
        skipSpace()
        if current == UInt8(ascii: "}") {
            offset += 1
            return .object(object)
        }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else {
                throw fault("expected a key in quotes")
            }
            let start = offset
            let key = try string()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw fault("expected ':' after the key") }
            offset += 1
            guard object.insert(key, try value()) else {
                throw fault("the key '\(key.prefix(80))' appears twice", at: start)
            }
            if try isLast(closing: UInt8(ascii: "}")) { return .object(object) }
        }
    }

    private mutating func array() throws(SpinError) -> JSONValue {
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
    private mutating func isLast(closing: UInt8) throws(SpinError) -> Bool {
        skipSpace()
        guard offset < text.count else { throw fault("the text ends inside a list or object") }
        let byte = text[offset]
        guard byte == closing || byte == UInt8(ascii: ",") else {
            throw fault("expected ',' or '\(Character(Unicode.Scalar(closing)))'")
        }
        offset += 1
        return byte == closing
    }

    private mutating func number() throws(SpinError) -> JSONValue {
        let start = offset
        if current == UInt8(ascii: "-") { offset += 1 }
        if current == UInt8(ascii: "0") {
            offset += 1
            guard !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(current) else {
                throw fault("a number does not begin with 0", at: start)
            }
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
            throw fault("the number is too large", at: start)
        }
        return .number(real)
    }

    private mutating func digits() throws(SpinError) {
        let start = offset
        while current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") { offset += 1 }
        guard offset > start else { throw fault("expected a digit") }
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func string() throws(SpinError) -> String {
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
            guard byte >= 0x20 else { throw fault("a control character in a string") }
            offset += 1
        }
        throw fault("the string is not closed", at: start - 1)
    }

    /// Goes on at the first backslash, with a copy.
    private mutating func stringWithEscapes(from start: Int) throws(SpinError) -> String {
        var bytes = Array(text[start..<offset])
        while offset < text.count {
            let byte = text[offset]
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                let result = bytes.withUnsafeBufferPointer { buffer in
                    Result { () throws(SpinError) in try validated(buffer, at: start) }
                }
                return try result.get()
            case UInt8(ascii: "\\"):
                try escape(into: &bytes)
            case 0..<0x20:
                throw fault("a control character in a string")
            default:
                bytes.append(byte)
                offset += 1
            }
        }
        throw fault("the string is not closed", at: start - 1)
    }

    private func validated(
        _ bytes: UnsafeBufferPointer<UInt8>, at start: Int
    ) throws(SpinError) -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw fault("a string is not valid UTF-8", at: start)
        }
        return string
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(SpinError) {
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
        default: throw fault("an unknown escape in a string", at: start)
        }
    }

    /// `\uXXXX`, or two of them that make a surrogate pair.
    private mutating func scalarEscape(from start: Int) throws(SpinError) -> String {
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code), current == UInt8(ascii: "\\") {
            offset += 1
            guard current == UInt8(ascii: "u") else {
                throw fault("half a surrogate pair is not a character", at: start)
            }
            offset += 1
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low) else {
                throw fault("half a surrogate pair is not a character", at: start)
            }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw fault("half a surrogate pair is not a character", at: start)
        }
        return String(scalar)
    }

    private mutating func hexadecimal() throws(SpinError) -> UInt32 {
        guard text.count - offset >= 4 else { throw fault("the text ends inside an escape") }
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(text[offset])).hexDigitValue else {
                throw fault("expected four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}
