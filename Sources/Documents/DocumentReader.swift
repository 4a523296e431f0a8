public import SpinDomain

/// Reads a document, whichever of the formats it is written in.
public enum DocumentReader {
    /// - Throws: `malformed` with line and column of the first fault.
    public static func json(_ bytes: some Sequence<UInt8>) throws -> JSONValue {
        try JSONParser.parse(bytes)
    }

    /// Reads one YAML document by the core schema of YAML 1.2, as strictly as JSON: keys are
    /// unique strings, tags are those of the core schema, depth and aliases are bounded.
    ///
    /// - Throws: `malformed` with line and column of the first fault.
    public static func yaml(_ bytes: some Sequence<UInt8>) throws -> JSONValue {
        guard let text = String(validating: Array(bytes), as: UTF8.self) else {
            throw SpinError(.malformed, "the YAML text is not valid UTF-8")
        }
        return try YAMLReader.read(text)
    }

    /// - Parameter contentType: the media type of the bytes, with or without parameters.
    /// - Throws: `unsupported` for a media type that is not a document's, and `malformed`.
    public static func read(
        _ bytes: some Sequence<UInt8>, contentType: String
    ) throws -> JSONValue {
        switch DocumentFormat(contentType: contentType) {
        case .json: return try json(bytes)
        case .yaml: return try yaml(bytes)
        case nil:
            let known = DocumentFormat.allCases.flatMap(\.mediaTypes).joined(separator: ", ")
            throw SpinError(
                .unsupported, "a document of type '\(contentType)' cannot be read",
                hint: "known types: \(known)")
        }
    }
}
