extension JSONValue {
    /// The value as JSON text, laid out as Python's `json.dumps` does it.
    ///
    /// - Parameter indent: spaces for each level, with one element a line; nil writes one line.
    package func text(indent: Int? = nil) -> [UInt8] {
        var writer = JSONWriter(indent: indent)
        writer.write(self)
        return writer.bytes
    }
}

/// Writes JSON text byte by byte, so that a vocabulary keeps its order and its exact strings.
private struct JSONWriter {
    let indent: Int?
    private(set) var bytes: [UInt8] = []
    private var level = 0

    init(indent: Int?) {
        self.indent = indent
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: append("null")
        case .boolean(let flag): append(flag ? "true" : "false")
        case .integer(let number): append(String(number))
        case .number(let number): append(String(number))
        case .string(let text): write(text)
        case .array(let elements): writeList("[", elements, "]") { $0.write($1) }
        case .object(let members):
            writeList("{", members, "}") { writer, member in
                writer.write(member.key)
                writer.append(": ")
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
            if index > 0 { append(indent == nil ? ", " : ",") }
            startLine()
            writeElement(&self, element)
        }
        level -= 1
        if !elements.isEmpty { startLine() }
        append(close)
    }

    private mutating func startLine() {
        guard let indent else { return }
        append("\n" + String(repeating: " ", count: indent * level))
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
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
                let digits = String(byte, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
