public import SpinDomain
import Synchronization

/// The API keys of a data folder, at hand for every request.
///
/// The process that has the folder is the only one that changes them, so what is in memory is what
/// is on disk, and a request costs no look into the database.
public final class KeyRing: Sendable {
    private struct State {
        var keys: [String: APIKey] = [:]
        var random: any RandomNumberGenerator & Sendable
    }

    private static let saltByteCount = 16
    /// Whose key the operator has set for this process; it cannot be revoked while that runs.
    private static let operatorName = "operator"
    private let operatorKey: APIKey?
    private let store: any KeyStore
    private let clock: any Clock
    private let state: Mutex<State>

    /// - Parameter operatorKey: an admin's key that is stored nowhere, of any form.
    public init(
        store: any KeyStore, clock: any Clock, operatorKey: String? = nil,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) throws {
        self.store = store
        self.clock = clock
        self.operatorKey = operatorKey.map { text in
            APIKey(
                id: Self.operatorName, name: Self.operatorName, scope: .admin, salt: [],
                digest: SecretDigest.make(secret: Array(text.utf8), salt: []),
                createdAt: clock.now(), expiresAt: nil)
        }
        let keys = try store.keys().map { ($0.id, $0) }
        state = Mutex(State(keys: Dictionary(keys) { first, _ in first }, random: random))
    }

    /// Whether there is no key at all; expired ones count, so that no door opens by itself.
    public var isEmpty: Bool { operatorKey == nil && state.withLock(\.keys.isEmpty) }

    /// Oldest first.
    public var keys: [APIKey] {
        state.withLock { state in
            state.keys.values.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        }
    }

    /// - Throws: `notFound`.
    func key(_ id: String) throws -> APIKey {
        guard let key = state.withLock({ $0.keys[id] }) else { throw SpinError.notFound("key", id) }
        return key
    }

    /// Makes a key.
    ///
    /// - Returns: also the text that its bearer shows, which cannot be had a second time.
    /// - Throws: `conflict` when the first key is not an admin's: nobody could make another.
    public func issue(_ request: KeyRequest) throws -> (key: APIKey, text: String) {
        try state.withLock { state in
            guard request.scope == .admin || operatorKey != nil || !state.keys.isEmpty else {
                throw SpinError(
                    .conflict, "the first key must have the scope admin",
                    hint: "with a key of less nobody could make, list or revoke keys")
            }
            let secret = KeyText.random(using: &state.random)
            let salt = state.random.bytes(Self.saltByteCount)
            let now = clock.now()
            let key = APIKey(
                id: secret.id, name: request.name, scope: request.scope, salt: salt,
                digest: SecretDigest.make(secret: secret.secret, salt: salt), createdAt: now,
                expiresAt: request.expiry(from: now))
            try store.insert(key: key)
            state.keys[key.id] = key
            return (key, secret.text)
        }
    }

    /// Forgets a key; requests that show it are refused from now on.
    ///
    /// - Parameter keepsAnAdmin: whether the last admin's key is to stay.
    /// - Throws: `notFound`, `conflict`.
    public func revoke(_ id: String, keepsAnAdmin: Bool) throws {
        try state.withLock { state in
            guard state.keys[id] != nil else { throw SpinError.notFound("key", id) }
            let now = clock.now()
            let hasAnotherAdmin =
                operatorKey != nil
                || state.keys.values.contains {
                    $0.id != id && $0.scope == .admin && !$0.isExpired(at: now)
                }
            guard hasAnotherAdmin || !keepsAnAdmin || state.keys[id]?.scope != .admin else {
                throw SpinError(
                    .conflict, "'\(id)' is the last key with the scope admin",
                    hint: "make another one first, or stop the server and use spind keys revoke")
            }
            try store.delete(key: id)
            state.keys[id] = nil
        }
    }

    /// Whose text this is; nil when it is nobody's, or has expired.
    func bearer(of text: String) -> APIKey? {
        if let operatorKey, matches(Array(text.utf8), operatorKey) { return operatorKey }
        guard let shown = KeyText(text), let key = state.withLock({ $0.keys[shown.id] }),
            matches(shown.secret, key), !key.isExpired(at: clock.now())
        else { return nil }
        return key
    }

    private func matches(_ secret: [UInt8], _ key: APIKey) -> Bool {
        SecretDigest.areEqual(SecretDigest.make(secret: secret, salt: key.salt), key.digest)
    }
}
