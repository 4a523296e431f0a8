public import SpinDomain

/// What a server answered.
public struct Answer: Sendable {
    public internal(set) var status = 0
    public internal(set) var headers: [(name: String, value: String)] = []
    public internal(set) var body: [UInt8] = []

    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// - Throws: `ClientError` for a body that is no JSON.
    public func json() throws -> JSONValue {
        do {
            return try JSONParser.parse(body)
        } catch {
            throw ClientError(
                .refused, "the answer cannot be read: \(error.message)",
                hint: "is this a server of spind? Say which by --server")
        }
    }

    /// Takes one line of the head; a status line begins a new one, as after `100 Continue`.
    mutating func read(headLine: String) {
        if headLine.hasPrefix("HTTP/") {
            let words = headLine.split(separator: " ")
            status = words.count > 1 ? Int(words[1]) ?? 0 : 0
            headers = []
        } else if let colon = headLine.firstIndex(of: ":") {
            let value = headLine[headLine.index(after: colon)...]
            headers.append((String(headLine[..<colon]), value.trimmed))
        }
    }
}

extension Substring {
    /// Without white space at its ends.
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
