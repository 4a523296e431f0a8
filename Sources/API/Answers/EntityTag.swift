import Foundation
import MicroHTTP
import SpinDomain

/// Strong entity tags and the preconditions on them (RFC 9110, sections 8.8.3 and 13).
enum EntityTag {
    /// A tag that differs when a byte of the body does: 64 bits of FNV-1a.
    static func hash(_ bytes: Data) -> String {
        let hash = bytes.withUnsafeBytes { bytes in
            bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { hash, byte in
                (hash ^ UInt64(byte)) &* 0x100_0000_01B3
            }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Gives an answer to GET its tag, and turns it into 304 where the client has it already.
    static func applied(to response: HTTPResponse, of request: HTTPRequest) -> HTTPResponse {
        guard request.method == "GET", response.status == 200 else { return response }
        let response = tagged(response)
        guard let tag = response.header("ETag"),
            matches(request.headerValues("If-None-Match"), tag)
        else { return response }
        let kept = ["etag", "cache-control", "vary", "link"]
        return HTTPResponse(
            status: 304, headers: response.headers.filter { kept.contains($0.name.lowercased()) })
    }

    /// With a tag, unless it has one or its bytes are not at hand.
    static func tagged(_ response: HTTPResponse) -> HTTPResponse {
        guard response.header("ETag") == nil, case .data(let data) = response.body else {
            return response
        }
        var response = response
        response.headers.append(("ETag", "\"\(hash(data))\""))
        return response
    }

    private static func matches(_ fields: [String], _ tag: String) -> Bool {
        tags(in: fields).contains { $0 == "*" || $0 == tag || $0 == "W/" + tag }
    }

    private static func tags(in fields: [String]) -> [String] {
        fields.flatMap { $0.split(separator: ",") }.map { tag in
            String(tag.drop { $0 == " " }.prefix { $0 != " " })
        }
    }

    /// A job's tag: its version, so that a change can be made conditional on it, and a hash, since
    /// progress and the place in the queue change without it.
    static func job(version: Int, body: Data) -> String { "\"\(version).\(hash(body))\"" }

    /// The version that `If-Match` asks for; nil when any will do.
    ///
    /// - Throws: a refusal with 412 for a tag that never was a job's.
    static func requiredVersion(_ request: HTTPRequest) throws -> Int? {
        let tags = tags(in: request.headerValues("If-Match"))
        guard !tags.isEmpty, tags != ["*"] else { return nil }
        guard tags.count == 1, tags[0].hasPrefix("\""),
            let version = Int(tags[0].dropFirst().prefix { $0 != "." })
        else { throw Refusal.preconditionFailed("If-Match holds no tag of a job") }
        return version
    }
}
