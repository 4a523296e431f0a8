public import SpinDomain

/// One line of the log, which nothing that a client sends can break in two.
public struct LogLine: Sendable {
    public var time: Timestamp
    public var level: String
    public var message: String
    public var fields: [(name: String, value: String)]

    public init(
        time: Timestamp, level: String, message: String,
        fields: [(name: String, value: String)] = []
    ) {
        self.time = time
        self.level = level
        self.message = message
        self.fields = fields
    }

    /// For programs.
    public var json: String {
        let head: [(String, JSONValue)] = [
            ("time", .string(time.text)), ("level", .string(level)),
            ("message", .string(Self.hidingKeys(in: message))),
        ]
        let names = Set(head.map(\.0))
        let rest = fields.filter { !names.contains($0.name) }
            .map { ($0.name, JSONValue.string(Self.hidingKeys(in: $0.value))) }
        return JSONValue.object(JSONObject(head + rest)).text
    }

    /// For people.
    public var text: String {
        let fields = fields.map { " \($0.name)=\(Self.escaped($0.value))" }.joined()
        return "\(time.text) \(level) \(Self.escaped(message))\(fields)"
    }

    /// Takes the secret out of an API key, `spind_<id>_<secret>`, wherever somebody has put it.
    private static func hidingKeys(in text: String) -> String {
        let pieces = text.split(separator: "spind_", omittingEmptySubsequences: false)
        let hidden = pieces.dropFirst().map { piece -> String in
            let parts = piece.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[1].prefix(Self.shortestSecret).allSatisfy(\.isHexDigit)
            else { return String(piece) }
            return parts[0] + "_…" + parts[1].drop(while: \.isHexDigit)
        }
        return ([String(pieces.first ?? "")] + hidden).joined(separator: "spind_")
    }

    /// What follows is hidden from so many digits on, so that a key cut short is hidden, too.
    private static let shortestSecret = 8

    /// Terminals obey control characters; a log shows them.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in hidingKeys(in: text).unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case _ where scalar.properties.generalCategory == .control,
                _ where scalar.properties.generalCategory == .lineSeparator,
                _ where scalar.properties.generalCategory == .paragraphSeparator,
                _ where scalar.properties.isBidiControl:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
