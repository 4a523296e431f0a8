public import SpinDomain

/// One event of a server's stream.
public struct ServerEvent: Sendable, Equatable {
    public var name: String
    /// Its place in the log; nil for what has none, such as progress.
    public var id: Int?
    public var data: String

    package init(name: String, id: Int? = nil, data: String) {
        self.name = name
        self.id = id
        self.data = data
    }

    /// Null for data that is no JSON.
    public var json: JSONValue { (try? JSONParser.parse(data.utf8)) ?? .null }
}

/// Reads a `text/event-stream` as its bytes come (HTML standard, section 9.2.6).
package struct EventStreamReader {
    private var line: [UInt8] = []
    private var followsReturn = false
    private var name = ""
    private var id: Int?
    private var data: [String] = []

    package init() {}

    /// The events that are complete with these bytes.
    package mutating func read(_ bytes: some Sequence<UInt8>) -> [ServerEvent] {
        var events: [ServerEvent] = []
        for byte in bytes {
            let isFeed = byte == UInt8(ascii: "\n")
            let isReturn = byte == UInt8(ascii: "\r")
            defer { followsReturn = isReturn }
            if isFeed, followsReturn { continue }
            guard isFeed || isReturn else {
                line.append(byte)
                continue
            }
            if let event = endLine() { events.append(event) }
        }
        return events
    }

    /// An empty line ends an event.
    private mutating func endLine() -> ServerEvent? {
        defer { line = [] }
        guard !line.isEmpty else { return endEvent() }
        let text = String(decoding: line, as: UTF8.self)
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? parts[1] : ""
        if value.first == " " { value = value.dropFirst() }
        switch parts[0] {
        case "event": name = String(value)
        case "id": id = Int(value)
        case "data": data.append(String(value))
        default: break
        }
        return nil
    }

    private mutating func endEvent() -> ServerEvent? {
        defer { (name, id, data) = ("", nil, []) }
        guard !data.isEmpty else { return nil }
        return ServerEvent(
            name: name.isEmpty ? "message" : name, id: id, data: data.joined(separator: "\n"))
    }
}
