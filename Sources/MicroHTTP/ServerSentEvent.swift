/// One event of a `text/event-stream` (HTML standard, section 9.2.6).
public struct ServerSentEvent: Sendable {
    /// What a client sends back as `Last-Event-ID` when it reconnects.
    public var id: String?
    public var name: String?
    public var data: String
    /// How long a client waits before it reconnects.
    public var retryMilliseconds: Int?

    public init(
        data: String, name: String? = nil, id: String? = nil, retryMilliseconds: Int? = nil
    ) {
        self.data = data
        self.name = name
        self.id = id
        self.retryMilliseconds = retryMilliseconds
    }

    /// The bytes on the wire: one `data` line per line, no line break in any other field.
    package var encoded: [UInt8] {
        var text = ""
        if let retryMilliseconds { text += "retry: \(retryMilliseconds)\n" }
        if let id { text += "id: \(id.onOneLine)\n" }
        if let name { text += "event: \(name.onOneLine)\n" }
        // A Character knows CR LF as one line break, as the format does.
        for line in data.split(
            omittingEmptySubsequences: false,
            whereSeparator: { ["\n", "\r", "\r\n"].contains($0) })
        {
            text += "data: \(line)\n"
        }
        return Array((text + "\n").utf8)
    }
}

extension String {
    fileprivate var onOneLine: String {
        String(
            String.UnicodeScalarView(unicodeScalars.filter { !["\n", "\r", "\0"].contains($0) }))
    }
}
