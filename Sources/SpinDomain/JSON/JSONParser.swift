/// Reads JSON (RFC 8259) strictly: no duplicate keys, no lone surrogates, bounded depth.
public struct JSONParser {
    public static let maximumDepth = 64

    /// - Throws: `malformed` with line and column of the first fault.
    public static func parse(_ text: some Sequence<UInt8>) throws -> JSONValue {
        var parser = JSONParser(bytes: Array(text))
        guard String(validating: parser.bytes, as: UTF8.self) != nil else {
            throw SpinError(.malformed, "the JSON text is not valid UTF-8")
        }
        parser.skipSpace()
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == parser.bytes.count else {
            throw parser.fault("unexpected text after the value")
        }
        return value
    }

    private let bytes: [UInt8]
    private var position = 0

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ what: String) -> SpinError {
        let before = bytes[..<min(position, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        return SpinError(.malformed, "not valid JSON at line \(line), column \(column): \(what)")
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        guard depth < Self.maximumDepth else {
            throw fault("nested deeper than \(Self.maximumDepth) levels")
        }
        guard let byte = current else { throw fault("the text ends too early") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw fault("expected a value")
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws -> JSONValue {
        guard bytes[position...].starts(with: text.utf8) else { throw fault("expected a value") }
        position += text.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws -> JSONValue {
        position += 1
        var object = JSONObject()
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(object) }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw fault("expected a key in quotes") }
            let key = try string()
            guard object[key] == nil else { throw fault("the key '\(key)' appears twice") }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fault("expected ':' after the key") }
            skipSpace()
            object[key] = try value(depth: depth + 1)
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(object) }
            guard take(UInt8(ascii: ",")) else { throw fault("expected ',' or '}'") }
        }
    }

    private mutating func array(depth: Int) throws -> JSONValue {
        position += 1
        var values: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            skipSpace()
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(values) }
            guard take(UInt8(ascii: ",")) else { throw fault("expected ',' or ']'") }
        }
    }

    private mutating func digits() -> Bool {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            position += 1
        }
        return position > start
    }

    private mutating func number() throws -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let isZero = current == UInt8(ascii: "0")
        let firstDigit = position
        guard digits() else { throw fault("expected a digit") }
        guard !isZero || position == firstDigit + 1 else { throw fault("a leading zero") }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            guard digits() else { throw fault("expected a digit after '.'") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() else { throw fault("expected a digit in the exponent") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else {
            throw fault("the number \(text.prefix(40)) is too large")
        }
        return .number(double)
    }

    private mutating func string() throws -> String {
        position += 1
        var result: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &result)
            case 0..<0x20: throw fault("a control character in a string")
            default: result.append(byte)
            }
        }
        throw fault("the string does not end")
    }

    private mutating func escape(into result: inout [UInt8]) throws {
        guard let byte = current else { throw fault("the string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"): result.append(contentsOf: String(try escapedScalar()).utf8)
        default: throw fault("an unknown escape")
        }
    }

    private mutating func escapedScalar() throws -> Unicode.Scalar {
        let first = try hexadecimal()
        guard (0xD800..<0xDC00).contains(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw fault("a lone surrogate") }
            return scalar
        }
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw fault("a lone surrogate")
        }
        let second = try hexadecimal()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("a lone surrogate") }
        return scalar
    }

    private mutating func hexadecimal() throws -> UInt32 {
        guard position + 4 <= bytes.count else { throw fault("the string does not end") }
        let text = bytes[position..<position + 4]
        guard text.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(String(decoding: text, as: UTF8.self), radix: 16)
        else { throw fault("expected four hexadecimal digits") }
        position += 4
        return value
    }
}
