import Documents
import Foundation
import MicroHTTP
import SpinDomain

/// A request on its way to a handler, with what the route says about it already checked.
struct Call: Sendable {
    let request: HTTPRequest
    let visitor: Visitor
    let query: Query
    let upload: Upload
    private let parameters: [String: String]

    init(
        _ request: HTTPRequest, by visitor: Visitor, route: Route, parameters: [String: String],
        upload: Upload
    ) throws {
        self.request = request
        self.visitor = visitor
        self.upload = upload
        self.parameters = parameters
        query = try Query(request.query, known: route.query)
    }

    /// The decoded path segment at `{name}`; every handler asks only for names of its own route.
    func parameter(_ name: String) -> String { parameters[name] ?? "" }

    /// - Throws: not found, since no resource has a number that is none.
    func number(_ name: String, kind: String) throws -> Int {
        let text = parameter(name)
        guard let number = Int(text), number >= 0, String(number) == text else {
            throw SpinError.notFound(kind, text)
        }
        return number
    }

    /// The document in the body; nil when there is none.
    ///
    /// - Throws: a refusal with 415, and `malformed`.
    func document() throws -> JSONValue? {
        let bytes = try upload.bytes
        guard !bytes.isEmpty else { return nil }
        let contentType = request.header("Content-Type") ?? ""
        guard DocumentFormat(contentType: contentType) != nil else {
            throw Refusal.unsupportedMediaType(
                contentType, expected: DocumentFormat.allCases.flatMap(\.mediaTypes))
        }
        return try DocumentReader.read(bytes, contentType: contentType)
    }

    /// - Throws: as `document()`, and `malformed` when there is none.
    func requiredDocument() throws -> JSONValue {
        guard let document = try document() else {
            throw SpinError(.malformed, "the request has no body", hint: "send JSON or YAML")
        }
        return document
    }
}
