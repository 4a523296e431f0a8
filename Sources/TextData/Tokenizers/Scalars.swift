/// The Unicode scalars of a slice of valid UTF-8, with their places.
struct ScalarReader {
    private let bytes: ArraySlice<UInt8>
    /// Index, in the slice's own numbering, of the next scalar.
    private(set) var offset: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        offset = bytes.startIndex
    }

    /// The next scalar's value; nil at the end.
    ///
    /// The text has been checked before: a sequence that is cut short ends the reading.
    mutating func next() -> UInt32? {
        guard offset < bytes.endIndex else { return nil }
        let lead = bytes[offset]
        let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard offset + length <= bytes.endIndex else {
            offset = bytes.endIndex
            return nil
        }
        var value = length == 1 ? UInt32(lead) : UInt32(lead) & (0x7F >> UInt32(length))
        for place in 1..<max(length, 1) {
            value = value << 6 | UInt32(bytes[offset + place] & 0x3F)
        }
        offset += length
        return value
    }
}

/// The character classes of tokenizer files, as the Rust libraries behind them define them.
enum ScalarClass {
    /// Unicode's White_Space.
    static func isSpace(_ value: UInt32) -> Bool {
        if value < 0x80 { return value == 0x20 || (0x09...0x0D).contains(value) }
        return Unicode.Scalar(value)?.properties.isWhitespace ?? false
    }

    /// The general categories Nd, Nl and No.
    static func isNumeric(_ value: UInt32) -> Bool {
        if value < 0x80 { return (0x30...0x39).contains(value) }
        switch Unicode.Scalar(value)?.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }

    /// UTS #18's word characters: letters, marks, digits, connectors and the two joiners.
    static func isWord(_ value: UInt32) -> Bool {
        guard let properties = Unicode.Scalar(value)?.properties else { return false }
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return true
        default: return false
        }
    }

    /// ASCII's punctuation and symbols, and the general category P beyond.
    static func isPunctuation(_ value: UInt32) -> Bool {
        guard let properties = Unicode.Scalar(value)?.properties else { return false }
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return true
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: return value < 0x80
        default: return false
        }
    }
}
