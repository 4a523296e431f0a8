import CNettle
import Foundation
import SpinDomain

/// The key of a webhook: signs deliveries as Standard Webhooks says.
public struct WebhookSecret: Sendable {
    private static let prefix = "whsec_"
    /// Of the key, in bytes.
    private static let sizes = 24...64

    private let key: [UInt8]

    public static let rule = "expected 'whsec_' and the base64 of 24 to 64 bytes"

    /// Nil for a text that breaks the rule.
    public init?(text: String) {
        guard text.hasPrefix(Self.prefix),
            let key = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            Self.sizes.contains(key.count)
        else { return nil }
        self.key = Array(key)
    }

    /// A new key's text.
    public static func make(using random: inout some RandomNumberGenerator) -> String {
        prefix + Data(random.bytes(32)).base64EncodedString()
    }

    /// The value of `webhook-signature`: HMAC-SHA256 of id, timestamp and body with dots between.
    package func signature(id: String, timestamp: Int, body: [UInt8]) -> String {
        let signed = Array("\(id).\(timestamp).".utf8) + body
        var state = hmac_sha256_ctx()
        nettle_hmac_sha256_set_key(&state, key.count, key)
        nettle_hmac_sha256_update(&state, signed.count, signed)
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
        nettle_hmac_sha256_digest(&state, digest.count, &digest)
        return "v1," + Data(digest).base64EncodedString()
    }
}
