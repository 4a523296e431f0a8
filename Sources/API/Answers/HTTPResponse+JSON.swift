import Foundation
import MicroHTTP
import SpinDomain

extension HTTPResponse {
    /// - Parameter isCompact: for long answers that programs read; others are indented.
    static func json(
        _ value: JSONValue, status: Int = 200, contentType: String = "application/json",
        isCompact: Bool = false, headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        var bytes: [UInt8] = []
        value.write(to: &bytes, isCompact ? .compact : .indented(2))
        bytes.append(UInt8(ascii: "\n"))
        return .bytes(bytes, status: status, contentType: contentType, headers: headers)
    }

    static func bytes(
        _ bytes: [UInt8], status: Int = 200, contentType: String,
        headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", contentType)] + headers,
            body: .data(Data(bytes)))
    }

    static let noContent = HTTPResponse(status: 204)

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
