import SpinDomain

/// Turns a pattern in the dialect of tokenizer files (Oniguruma, Ruby syntax) into PCRE2's.
///
/// The two agree on what tokenizers use, but not on which characters `\s` and `\w` are (PCRE2 counts
/// U+180E as a space and leaves marks out of words), nor on sets inside sets. The former are written
/// out, the latter refused.
enum PatternSyntax {
    private static let space = "\\t-\\r\\x{85}\\p{Z}"
    /// Oniguruma also counts Latin-1's superscripts and fractions as word characters.
    private static let word =
        "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}"

    /// - Throws: `unsupported` for what the two dialects understand differently.
    static func translate(_ pattern: String) throws -> String {
        let scalars = Array(pattern.unicodeScalars)
        var result = ""
        var isInSet = false
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            switch scalar {
            case "\\":
                guard index < scalars.count else { throw refusal(pattern, "it ends with '\\'") }
                let letter = scalars[index]
                index += 1
                result += try escape(letter, isInSet: isInSet, pattern)
                if letter == "u" {
                    result += "{" + (try fourDigits(scalars, &index, pattern)) + "}"
                }
            case "[" where isInSet:
                throw refusal(pattern, "a set inside a set")
            case "&" where isInSet && index < scalars.count && scalars[index] == "&":
                throw refusal(pattern, "an intersection of sets")
            case "[":
                isInSet = true
                result += "["
            case "]":
                isInSet = false
                result += "]"
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func escape(
        _ letter: Unicode.Scalar, isInSet: Bool, _ pattern: String
    ) throws -> String {
        switch letter {
        case "s": isInSet ? space : "[\(space)]"
        case "w": isInSet ? word : "[\(word)]"
        case "S" where !isInSet: "[^\(space)]"
        case "W" where !isInSet: "[^\(word)]"
        case "u": "\\x"
        case "S", "W", "h", "H", "R", "X", "K", "G", "Q", "E", "N", "O", "y", "Y", "M", "C":
            throw refusal(pattern, "'\\\(letter)'")
        default: "\\\(letter)"
        }
    }

    /// The digits of `\uHHHH`, which PCRE2 writes `\x{HHHH}`.
    private static func fourDigits(
        _ scalars: [Unicode.Scalar], _ index: inout Int, _ pattern: String
    ) throws -> String {
        guard scalars.count - index >= 4 else { throw refusal(pattern, "a short '\\u'") }
        defer { index += 4 }
        return String(String.UnicodeScalarView(scalars[index..<index + 4]))
    }

    private static func refusal(_ pattern: String, _ what: String) -> SpinError {
        SpinError(.unsupported, "the tokenizer's pattern '\(pattern)' uses \(what)")
    }
}
