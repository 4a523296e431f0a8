import CCurl
import SpinDomain

/// Carries one delivery to its receiver.
public protocol WebhookTransport: Sendable {
    /// - Returns: the HTTP status of the answer.
    /// - Throws: `inputOutput` where there was none.
    func post(
        _ url: String, headers: [(name: String, value: String)], body: [UInt8]
    ) throws -> Int
}

/// HTTP by libcurl, which is loaded when the first one is made.
public struct CurlTransport: WebhookTransport {
    private static let isLoaded = spind_curl_load()
    private static let timeoutMilliseconds = 10_000

    private let allowsPrivate: Bool

    /// - Parameter allowsPrivate: whether receivers may be in private networks and on this machine.
    /// - Throws: `unsupported` when libcurl is not installed.
    public init(allowsPrivate: Bool) throws {
        guard Self.isLoaded else {
            throw SpinError(
                .unsupported, "webhooks need libcurl, which is not installed",
                hint: "apt-get install libcurl4")
        }
        self.allowsPrivate = allowsPrivate
    }

    public func post(
        _ url: String, headers: [(name: String, value: String)], body: [UInt8]
    ) throws -> Int {
        guard let transfer = spind_curl_new("POST", url) else {
            throw SpinError(.inputOutput, "libcurl has no memory")
        }
        defer { spind_curl_free(transfer) }
        for header in headers { spind_curl_add_header(transfer, "\(header.name): \(header.value)") }
        body.withUnsafeBytes { bytes in
            let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            spind_curl_set_body(transfer, start, bytes.count)
        }
        spind_curl_set_patience(transfer, 0, 0, Self.timeoutMilliseconds)
        spind_curl_go_straight(transfer)
        if !allowsPrivate { spind_curl_refuse_private(transfer) }
        // What the receiver says besides its status does not matter.
        guard spind_curl_perform(transfer) == SPIND_CURL_COMPLETE.rawValue else {
            throw SpinError(.inputOutput, String(cString: spind_curl_problem(transfer)))
        }
        return spind_curl_status(transfer)
    }
}
