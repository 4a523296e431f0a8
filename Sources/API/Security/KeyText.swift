import SpinDomain

/// A key as its bearer shows it: `spind_<id>_<secret>`.
///
/// The beginning lets people and scanners recognise a key that lies where it should not; the id
/// finds the stored half without trying them all.
struct KeyText {
    static let secretByteCount = 32
    private static let start = "spind_"
    private static let idLength = 12

    let id: String
    let secret: [UInt8]

    init(id: String, secret: [UInt8]) {
        self.id = id
        self.secret = secret
    }

    /// Nil for a text that no key can have.
    init?(_ text: String) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard text.hasPrefix(Self.start), parts.count == 3, parts[1].utf8.count == Self.idLength,
            let secret = Self.bytes(ofHexadecimal: parts[2]),
            secret.count == Self.secretByteCount
        else { return nil }
        self.init(id: String(parts[1]), secret: secret)
    }

    var text: String {
        Self.start + id + "_"
            + secret.map { byte in
                let digits = String(byte, radix: 16)
                return byte < 16 ? "0" + digits : digits
            }.joined()
    }

    static func random(using generator: inout some RandomNumberGenerator) -> KeyText {
        KeyText(
            id: generator.idCharacters(idLength), secret: generator.bytes(secretByteCount))
    }

    private static func bytes(ofHexadecimal text: Substring) -> [UInt8]? {
        guard text.utf8.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            let pair = rest.prefix(2)
            guard !pair.hasPrefix("+"), !pair.hasPrefix("-"), let byte = UInt8(pair, radix: 16)
            else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
