/// Where API keys lie; synchronous, durable and safe to call from any thread, as `JobStore`.
public protocol KeyStore: Sendable {
    func insert(key: APIKey) throws
    /// Oldest first.
    func keys() throws -> [APIKey]
    /// - Throws: `notFound`.
    func delete(key id: String) throws
}
