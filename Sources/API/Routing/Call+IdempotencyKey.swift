import MicroHTTP
import SpinDomain

extension Call {
    /// The key by which a client says that this request may have come before; nil without one.
    /// - Parameter meaning: what the body asks for, however it is written.
    /// - Throws: `malformed`.
    func idempotencyKey(meaning: JSONValue, at time: Timestamp) throws -> IdempotencyKey? {
        guard let key = request.header("Idempotency-Key") else { return nil }
        guard (1...255).contains(key.utf8.count),
            key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw SpinError(
                .malformed, "Idempotency-Key must be 1 to 255 printable ASCII characters")
        }
        let path = "/" + request.segments.joined(separator: "/")
        return IdempotencyKey(
            key: key, apiKey: visitor.keyID ?? "",
            fingerprint: "\(request.method) \(path)\n\(meaning.text)", time: time)
    }
}
