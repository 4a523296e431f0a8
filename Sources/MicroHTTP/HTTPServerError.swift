/// The server could not be started.
public enum HTTPServerError: Error, CustomStringConvertible {
    /// The host is not a numeric address nor `localhost`, or the port is not within 0 … 65535.
    case badAddress(String)
    /// A system call failed; for a port in use the operation is `bind`.
    case system(operation: String, reason: String)
    /// The certificate or its key cannot be used.
    case badIdentity(String)
    /// libmicrohttpd refused to start.
    case daemonNotStarted

    public var description: String {
        switch self {
        case .badAddress(let address): "\(address) is not an address to listen on"
        case .system(let operation, let reason): "\(operation): \(reason)"
        case .badIdentity(let reason): reason
        case .daemonNotStarted: "libmicrohttpd did not start"
        }
    }
}

/// A request that the server refuses by itself.
public struct MalformedRequest: Error, Equatable {
    public let status: Int
    /// One English sentence for the client.
    public let reason: String
}
