/// How token spellings become text again.
indirect enum TokenDecoder: Sendable {
    case byteLevel
    case replace(TextPattern, [UInt8])
    case byteFallback
    case fuse
    /// Removes up to so many of the character from both ends of every token.
    case strip(character: [UInt8], start: Int, end: Int)
    case metaspace(MetaspaceRule)
    case sequence([TokenDecoder])

    /// The pieces of text that the tokens stand for.
    ///
    /// - Throws: as `Pattern.matches(in:)`.
    func decode(_ tokens: [[UInt8]]) throws -> [[UInt8]] {
        switch self {
        case .byteLevel:
            return [Self.repaired(tokens.flatMap(Self.bytesOfLevel))]
        case .replace(let pattern, let content):
            return try tokens.map { try pattern.replacing($0, with: content) }
        case .byteFallback:
            return Self.fallback(tokens)
        case .fuse:
            return [Array(tokens.joined())]
        case .strip(let character, let start, let end):
            return tokens.map { Self.strip($0, of: character, start: start, end: end) }
        case .metaspace(let rule):
            return try tokens.enumerated().map { index, token in
                let isDropped = index == 0 && rule.prependScheme != .never
                return try TextPattern.literal(rule.replacement).replacing(
                    token, with: isDropped ? [] : [UInt8(ascii: " ")])
            }
        case .sequence(let steps):
            return try steps.reduce(tokens) { try $1.decode($0) }
        }
    }

    /// The bytes that one token adds to a text it does not begin; they need not be whole characters.
    ///
    /// - Throws: as `Pattern.matches(in:)`.
    func bytes(of token: [UInt8]) throws -> [UInt8] {
        switch self {
        case .byteLevel: return Self.bytesOfLevel(token)
        case .replace(let pattern, let content): return try pattern.replacing(token, with: content)
        case .byteFallback: return Self.fallbackByte(token).map { [$0] } ?? token
        case .fuse, .strip: return token
        case .metaspace(let rule):
            return try TextPattern.literal(rule.replacement).replacing(
                token, with: [UInt8(ascii: " ")])
        case .sequence(let steps): return try steps.reduce(token) { try $1.bytes(of: $0) }
        }
    }

    /// A token outside of the byte alphabet, such as a control token, stands for itself.
    private static func bytesOfLevel(_ token: [UInt8]) -> [UInt8] {
        ByteAlphabet.bytes(of: String(decoding: token, as: UTF8.self)) ?? token
    }

    private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        Array(String(decoding: bytes, as: UTF8.self).utf8)
    }

    /// Runs of `<0xXX>` become characters, or one U+FFFD each where the run is not UTF-8.
    private static func fallback(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var run: [UInt8] = []
        func flush() {
            guard !run.isEmpty else { return }
            if String(validating: run, as: UTF8.self) != nil {
                result.append(run)
            } else {
                result += Array(repeating: Array("\u{FFFD}".utf8), count: run.count)
            }
            run = []
        }
        for token in tokens {
            if let byte = fallbackByte(token) {
                run.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        return result
    }

    private static func fallbackByte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else {
            return nil
        }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }

    private static func strip(
        _ token: [UInt8], of character: [UInt8], start: Int, end: Int
    ) -> [UInt8] {
        var rest = token[...]
        for _ in 0..<min(start, token.count) where rest.starts(with: character) {
            rest = rest.dropFirst(character.count)
        }
        for _ in 0..<min(end, token.count)
        where rest.suffix(character.count).elementsEqual(character) {
            rest = rest.dropLast(character.count)
        }
        return Array(rest)
    }
}
