import SpinDomain

/// What a plain scalar means (YAML 1.2.2, section 10.3.2).
enum CoreSchema {
    static func value(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
        default: return number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> JSONValue? {
        if text.hasPrefix("0o") { return based(text.dropFirst(2), radix: 8) }
        if text.hasPrefix("0x") { return based(text.dropFirst(2), radix: 16) }
        var rest = text.utf8[...]
        if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            rest = rest.dropFirst()
        }
        let whole = takeDigits(&rest)
        if rest.isEmpty, whole > 0 {
            return Int(text).map(JSONValue.integer) ?? Double(text).map(JSONValue.number)
        }
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = takeDigits(&rest)
        }
        guard whole + fraction > 0 else { return nil }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                rest = rest.dropFirst()
            }
            guard takeDigits(&rest) > 0 else { return nil }
        }
        return rest.isEmpty ? Double(text).map(JSONValue.number) : nil
    }

    private static func takeDigits(_ rest: inout Substring.UTF8View) -> Int {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest.dropFirst(digits.count)
        return digits.count
    }

    /// No sign stands after the prefix, though `Int` would take one.
    private static func based(_ digits: Substring, radix: Int) -> JSONValue? {
        guard digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
        return Int(digits, radix: radix).map(JSONValue.integer)
    }
}
