/// Where JSON text has white space.
public enum JSONLayout: Sendable {
    case compact
    /// One line with a space after each comma and colon, as Python's `json.dumps` writes it.
    case spaced
    /// One element a line, with this many spaces a level.
    case indented(Int)
}

extension JSONValue {
    /// Compact JSON text; doubles have the shortest digits that give the same bits back.
    public var text: String { String(decoding: utf8, as: UTF8.self) }

    public var utf8: [UInt8] { utf8(.compact) }

    /// JSON text for people: two spaces a level, and a line feed at the end.
    public var indentedText: String {
        String(decoding: utf8(.indented(2)), as: UTF8.self) + "\n"
    }

    public func utf8(_ layout: JSONLayout) -> [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes, layout)
        return bytes
    }

    public func write(to bytes: inout [UInt8], _ layout: JSONLayout = .compact) {
        var writer = JSONWriter(layout: layout)
        swap(&writer.bytes, &bytes)
        writer.write(self)
        swap(&writer.bytes, &bytes)
    }
}

private struct JSONWriter {
    var bytes: [UInt8] = []
    private let indent: Int?
    private let comma: String
    private let colon: String
    private var level = 0

    init(layout: JSONLayout) {
        switch layout {
        case .compact: (indent, comma, colon) = (nil, ",", ":")
        case .spaced: (indent, comma, colon) = (nil, ", ", ": ")
        case .indented(let spaces): (indent, comma, colon) = (spaces, ",", ": ")
        }
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: append("null")
        case .bool(let flag): append(flag ? "true" : "false")
        case .integer(let number): append(number.description)
        case .number(let number): append(number.isFinite ? number.description : "null")
        case .string(let text): write(text)
        case .array(let elements): writeList("[", elements, "]") { $0.write($1) }
        case .object(let object):
            writeList("{", object.members, "}") { writer, member in
                writer.write(member.key)
                writer.append(writer.colon)
                writer.write(member.value)
            }
        }
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func writeList<Element>(
        _ open: String, _ elements: [Element], _ close: String,
        _ writeElement: (inout JSONWriter, Element) -> Void
    ) {
        append(open)
        level += 1
        for (index, element) in elements.enumerated() {
            if index > 0 { append(comma) }
            startLine()
            writeElement(&self, element)
        }
        level -= 1
        if !elements.isEmpty { startLine() }
        append(close)
    }

    private mutating func startLine() {
        guard let indent else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: indent * level))
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        // Most text needs no escapes, and copying it whole is much faster.
        if text.utf8.contains(where: Self.needsEscape) { writeEscaped(text) } else { append(text) }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func writeEscaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0x08: append("\\b")
            case 0x0C: append("\\f")
            case 0..<0x20:
                append("\\u00")
                bytes.append(Self.hexDigits[Int(byte >> 4)])
                bytes.append(Self.hexDigits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
    }
}
