/// How the end of a request's body is found, after everything that two readers could take
/// differently has been refused (request smuggling, RFC 9112, section 11.2).
enum RequestFraming: Equatable {
    case empty
    case length(Int)
    case chunked

    /// - Throws: `MalformedRequest`; after it nothing that follows on the connection can be
    ///   trusted.
    init(headers: [(name: String, value: String)], version: String) throws(MalformedRequest) {
        guard !headers.contains(where: { Self.isFolded($0.name) }) else {
            throw .badFraming("A header field goes on in the next line, or its name is malformed.")
        }
        let lengths = Self.values(of: "Content-Length", in: headers)
        let codings = Self.values(of: "Transfer-Encoding", in: headers)
        guard Self.values(of: "Host", in: headers).count <= 1 else {
            throw .badFraming("The request has more than one Host field.")
        }
        guard lengths.count <= 1, codings.count <= 1, lengths.isEmpty || codings.isEmpty else {
            throw .badFraming("The length of the request's body is given more than once.")
        }
        if let coding = codings.first {
            guard version == "HTTP/1.1" else {
                throw .badFraming("A transfer coding needs HTTP/1.1.")
            }
            guard coding.equalsIgnoringASCIICase("chunked") else {
                throw MalformedRequest(
                    status: 501, reason: "The only transfer coding understood is chunked.")
            }
            self = .chunked
        } else if let text = lengths.first {
            guard text.utf8.allSatisfy(\.isASCIIDigit), let length = Int(text) else {
                throw .badFraming("Content-Length must be a decimal number.")
            }
            self = length == 0 ? .empty : .length(length)
        } else {
            self = .empty
        }
    }

    /// Whether something was added to a field's name.
    ///
    /// libmicrohttpd 0.9.75 appends the second line of a folded field to its *name*, so that
    /// `Content-Length: 5` becomes a field of another name, which a proxy sees as a length.
    private static func isFolded(_ name: String) -> Bool {
        let isToken = name.utf8.allSatisfy {
            $0.isASCIILetterOrDigit || tokenSymbols.contains($0)
        }
        let framing = ["content-length", "transfer-encoding"]
        let lowercased = name.lowercased()
        return !isToken || framing.contains { lowercased.hasPrefix($0) && lowercased != $0 }
    }

    /// Besides letters and digits, what a name may hold (RFC 9110, section 5.6.2).
    private static let tokenSymbols = Array("!#$%&'*+-.^_`|~".utf8)

    private static func values(
        of name: String, in headers: [(name: String, value: String)]
    ) -> [String] {
        headers.filter { $0.name.equalsIgnoringASCIICase(name) }.map(\.value)
    }
}

extension MalformedRequest {
    fileprivate static func badFraming(_ reason: String) -> MalformedRequest {
        MalformedRequest(status: 400, reason: reason)
    }
}
