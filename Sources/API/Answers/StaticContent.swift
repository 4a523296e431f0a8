import Foundation
import MicroHTTP

/// Bytes that never change while the program runs, also in compressed form.
struct StaticContent: Sendable {
    let contentType: String
    private let plain: Data
    private let compressed: Data?

    init(_ data: Data, contentType: String) {
        self.contentType = contentType
        plain = data
        compressed = Gzip.compressed(data).flatMap { $0.count < data.count ? $0 : nil }
    }

    /// The form that the client takes, with header fields for both.
    func response(
        to request: HTTPRequest, headers: [(name: String, value: String)]
    ) -> HTTPResponse {
        var headers = headers + [(name: "Content-Type", value: contentType)]
        guard let compressed, Self.takesGzip(request) else {
            return HTTPResponse(status: 200, headers: headers, body: .data(plain))
        }
        headers.append((name: "Content-Encoding", value: "gzip"))
        return HTTPResponse(status: 200, headers: headers, body: .data(compressed))
    }

    private static func takesGzip(_ request: HTTPRequest) -> Bool {
        request.headerValues("Accept-Encoding").joined(separator: ",").lowercased()
            .split(separator: ",").contains { coding in
                let parts = coding.split(separator: ";").map { $0.filter { $0 != " " } }
                let quality = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
                return (parts.first == "gzip" || parts.first == "*")
                    && quality.flatMap { Double($0) } != 0
            }
    }
}
