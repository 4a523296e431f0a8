import Foundation

/// What is done to a text before it is cut into words.
indirect enum Normalizer: Sendable {
    /// Unicode's four normalisation forms.
    enum Form: String, Sendable {
        case nfc = "NFC"
        case nfd = "NFD"
        case nfkc = "NFKC"
        case nfkd = "NFKD"
    }

    /// In bytes.
    private static let shortestStretch = 1024

    case form(Form)
    case lowercase
    case prepend([UInt8])
    case replace(TextPattern, [UInt8])
    case strip(left: Bool, right: Bool)
    case sequence([Normalizer])

    /// - Throws: as `Pattern.matches(in:)`.
    func normalize(_ text: [UInt8]) throws -> [UInt8] {
        switch self {
        case .form(let form):
            return Self.apply(form, to: text)
        case .lowercase:
            return Self.lowercased(text)
        case .prepend(let prefix):
            return text.isEmpty ? text : prefix + text
        case .replace(let pattern, let content):
            return try pattern.replacing(text, with: content)
        case .strip(let left, let right):
            return Self.stripped(text, left: left, right: right)
        case .sequence(let steps):
            return try steps.reduce(text) { try $1.normalize($0) }
        }
    }

    /// Normalises in stretches: Foundation takes quadratic time over a long text with many changes.
    ///
    /// A stretch may begin at any ASCII character, which never combines with what stands before it.
    private static func apply(_ form: Form, to text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var start = 0
        while start < text.count {
            var end = min(start + shortestStretch, text.count)
            while end < text.count, text[end] >= 0x80 { end += 1 }
            let stretch = text[start..<end]
            // All forms leave ASCII alone.
            result +=
                stretch.allSatisfy { $0 < 0x80 } ? stretch : apply(form, toStretch: stretch)[...]
            start = end
        }
        return result
    }

    private static func apply(_ form: Form, toStretch text: ArraySlice<UInt8>) -> [UInt8] {
        let string = String(decoding: text, as: UTF8.self)
        let result =
            switch form {
            case .nfc: string.precomposedStringWithCanonicalMapping
            case .nfd: string.decomposedStringWithCanonicalMapping
            case .nfkc: string.precomposedStringWithCompatibilityMapping
            case .nfkd: string.decomposedStringWithCompatibilityMapping
            }
        return Array(result.utf8)
    }

    /// Scalar by scalar, without the rule for a sigma at a word's end, as the files mean it.
    private static func lowercased(_ text: [UInt8]) -> [UInt8] {
        var result = ""
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            result += scalar.properties.lowercaseMapping
        }
        return Array(result.utf8)
    }

    private static func stripped(_ text: [UInt8], left: Bool, right: Bool) -> [UInt8] {
        var scalars = String(decoding: text, as: UTF8.self).unicodeScalars[...]
        while left, let first = scalars.first, first.properties.isWhitespace {
            scalars.removeFirst()
        }
        while right, let last = scalars.last, last.properties.isWhitespace {
            scalars.removeLast()
        }
        return Array(String(scalars).utf8)
    }
}
