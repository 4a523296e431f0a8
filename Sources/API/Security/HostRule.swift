import Glibc

/// The names under which the server may be addressed.
///
/// A page of an attacker can give its own name the address of this machine (DNS rebinding); its
/// scripts then count as ours, but their requests still carry that name in `Host`.
public struct HostRule: Sendable {
    private let names: Set<String>
    private let allowsEveryAddress: Bool

    /// - Parameters:
    ///   - address: what the server is bound to; where that means all addresses of the machine,
    ///     every numeric address will do, since rebinding needs a name.
    ///   - names: more names, without port.
    public init(boundTo address: String, alsoNamed names: [String] = []) {
        let usual = ["localhost", "127.0.0.1", "[::1]"]
        let bound = address.contains(":") ? "[\(address)]" : address
        self.names = Set((usual + [bound] + names).map(Self.withoutPort))
        allowsEveryAddress = ["0.0.0.0", "::"].contains(address)
    }

    /// - Parameter field: the value of `Host`; browsers always send one.
    package func allows(_ field: String?) -> Bool {
        guard let field else { return true }
        let host = Self.withoutPort(field)
        return names.contains(host) || (allowsEveryAddress && Self.isAddress(host))
    }

    private static func withoutPort(_ host: String) -> String {
        let host = host.lowercased()
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
        return String(host.prefix { $0 != ":" })
    }

    private static func isAddress(_ host: String) -> Bool {
        var v4 = in_addr()
        var v6 = in6_addr()
        if host.hasPrefix("[") {
            return inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &v6) == 1
        }
        return inet_pton(AF_INET, host, &v4) == 1
    }
}
