public import Foundation

extension HTTPResponse {
    /// Answers with a file, or with the part of it that `Range` and `If-Range` ask for.
    ///
    /// The status is 200, 206, or 416; a 416 has no body yet, so that the caller can explain it.
    ///
    /// - Parameter entityTag: a strong tag with its quotation marks; without one `If-Range` never
    ///   matches.
    /// - Returns: nil if there is no regular file.
    public static func file(
        _ url: URL, for request: HTTPRequest, contentType: String, entityTag: String? = nil
    ) -> HTTPResponse? {
        guard
            let attributes = try? FileManager.default.attributesOfItem(atPath: url.path),
            attributes[.type] as? FileAttributeType == .typeRegular,
            let size = attributes[.size] as? Int64 ?? (attributes[.size] as? Int).map(Int64.init)
        else { return nil }
        var headers = [(name: "Accept-Ranges", value: "bytes")]
        if let entityTag { headers.append(("ETag", entityTag)) }
        let range = ByteRange.parse(
            request.header("Range"), ifRange: request.header("If-Range"), entityTag: entityTag,
            size: size)
        switch range {
        case .whole:
            headers.append(("Content-Type", contentType))
            return HTTPResponse(status: 200, headers: headers, body: .file(url, range: 0..<size))
        case .part(let part):
            headers.append(("Content-Type", contentType))
            headers.append(
                ("Content-Range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)"))
            return HTTPResponse(status: 206, headers: headers, body: .file(url, range: part))
        case .unsatisfiable:
            headers.append(("Content-Range", "bytes */\(size)"))
            return HTTPResponse(status: 416, headers: headers)
        }
    }
}
