import CNettle

/// How a secret is stored, so that who reads the database cannot use its keys.
///
/// One round of SHA-256 is enough: a secret is 256 random bits, which nobody can try out, unlike a
/// password; slow hashes protect what people choose. The salt keeps equal digests from telling
/// that two folders hold the same key.
enum SecretDigest {
    static func make(secret: [UInt8], salt: [UInt8]) -> [UInt8] {
        var state = sha256_ctx()
        nettle_sha256_init(&state)
        nettle_sha256_update(&state, salt.count, salt)
        nettle_sha256_update(&state, secret.count, secret)
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
        nettle_sha256_digest(&state, digest.count, &digest)
        return digest
    }

    /// Takes the same time wherever the two differ, so that answers do not tell how much of a
    /// guess was right.
    static func areEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard first.count == second.count else { return false }
        return zip(first, second).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
