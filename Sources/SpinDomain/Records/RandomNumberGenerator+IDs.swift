extension RandomNumberGenerator {
    /// Characters of an id: Crockford's base 32, whose letters nobody takes for digits.
    ///
    /// - Parameter length: 16 characters have 80 bits.
    public mutating func idCharacters(_ length: Int) -> String {
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")
        var text = ""
        for _ in 0..<length { text.append(alphabet[Int(next() >> 59)]) }
        return text
    }

    public mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<count { bytes.append(UInt8(next() >> 56)) }
        return bytes
    }
}
