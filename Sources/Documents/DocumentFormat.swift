/// A text format in which a document may arrive.
public enum DocumentFormat: Sendable, CaseIterable {
    case json, yaml

    /// What a client may write into `Content-Type`; the first of each format is the usual one.
    public var mediaTypes: [String] {
        switch self {
        case .json: ["application/json"]
        case .yaml: ["application/yaml", "application/x-yaml", "text/yaml"]
        }
    }

    /// Nil for a media type that is not a document's.
    ///
    /// - Parameter contentType: the value of the header, parameters such as `charset` included.
    public init?(contentType: String) {
        let bare = contentType.prefix { $0 != ";" }.split(separator: " ").joined().lowercased()
        guard let format = Self.allCases.first(where: { $0.mediaTypes.contains(bare) }) else {
            return nil
        }
        self = format
    }
}
