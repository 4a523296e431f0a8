import CWebhook
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
    private static let isLoaded = spind_webhook_load()
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
        var problem = [CChar](repeating: 0, count: 256)
        let lines = headers.map { "\($0.name): \($0.value)" }
        let status = Self.withCStrings(lines) { lines in
            body.withUnsafeBytes { bytes in
                spind_webhook_post(
                    url, lines, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    bytes.count, Self.timeoutMilliseconds, allowsPrivate, &problem, problem.count)
            }
        }
        guard status > 0 else {
            let reason = String(
                decoding: problem.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw SpinError(.inputOutput, reason)
        }
        return status
    }

    /// Lends the texts as a list of C strings that ends with a null pointer.
    private static func withCStrings<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = texts.map { Array($0.utf8CString) }
        func lend(
            _ rest: ArraySlice<[CChar]>, _ pointers: [UnsafePointer<CChar>?]
        ) -> Result {
            guard let first = rest.first else {
                return (pointers + [nil]).withUnsafeBufferPointer { list in
                    guard let start = list.baseAddress else {
                        preconditionFailure("a list with its null pointer is never empty")
                    }
                    return body(start)
                }
            }
            return first.withUnsafeBufferPointer {
                lend(rest.dropFirst(), pointers + [$0.baseAddress])
            }
        }
        return lend(copies[...], [])
    }
}
