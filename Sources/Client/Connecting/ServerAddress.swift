import SpinDomain

/// Where a server is: `http://host:port`.
public struct ServerAddress: Sendable, Equatable, CustomStringConvertible {
    public static let usual = "http://127.0.0.1:8080"

    /// Without a slash at the end.
    public let url: String

    /// - Parameter text: with or without `http://`.
    /// - Throws: `invalid`.
    public init(_ text: String) throws {
        let hasScheme = text.hasPrefix("http://") || text.hasPrefix("https://")
        let url = hasScheme ? text : "http://" + text
        let rest = url.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2)
        // A slash alone is no path.
        let isBare = rest.dropFirst().allSatisfy(\.isEmpty)
        let isPlain = url.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !url.contains("@")
        guard isBare, isPlain, let authority = rest.first, !authority.isEmpty,
            hasScheme || !text.contains("//")
        else {
            throw SpinError(
                .invalid, "'\(text.forTerminal)' is no address of a server",
                hint: "expected http://HOST:PORT or https://HOST:PORT")
        }
        self.url = String(url.prefix(while: { $0 != "/" })) + "//" + authority
    }

    public var description: String { url }

    /// Without brackets.
    private var host: Substring {
        let authority = url.split(separator: "/")[1]
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return authority[authority.index(after: authority.startIndex)..<end]
        }
        return authority.prefix { $0 != ":" }
    }

    /// Whether it is this machine, where no proxy leads to.
    var isThisMachine: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}
