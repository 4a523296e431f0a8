import Testing
import Webhooks

struct WebhookSecretTests {
    // With Python: base64.b64encode(hmac.new(bytes(range(32)), b"evt_7.1700000000." + body,
    // "sha256").digest()), body = b'{"type":"job.succeeded"}'.
    @Test func theSignatureIsThatOfStandardWebhooks() throws {
        let text = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        let secret = try #require(WebhookSecret(text: text))
        let signature = secret.signature(
            id: "evt_7", timestamp: 1_700_000_000, body: Array(#"{"type":"job.succeeded"}"#.utf8))
        #expect(signature == "v1,j/Mz7j6HmHP5vmMayZDWZLWpevR9jy1uWvK/jqVlH7k=")
    }

    @Test(arguments: [
        "", "whsec_", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "whsec_AAEC", "whsec_?",
    ])
    func aSecretThatIsNoneIsRefused(text: String) {
        #expect(WebhookSecret(text: text) == nil)
    }

    @Test func newSecretsAreGoodAndDiffer() throws {
        var random = SystemRandomNumberGenerator()
        let texts = (0..<4).map { _ in WebhookSecret.make(using: &random) }
        #expect(Set(texts).count == 4)
        #expect(texts.allSatisfy { WebhookSecret(text: $0) != nil })
    }
}
