/// JSON as it was written: members in order, numbers as their text.
///
/// Foundation's reader forgets the order, accepts a key twice and may change numbers; a
/// checkpoint must carry its model's `config.json` on unchanged, and a damaged header must not
/// be read in two ways.
package indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The text of the number.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The number, when it is a whole one that fits.
    package var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }

    package var double: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }

    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var array: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    package var object: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    package static func number(_ value: Int) -> JSONValue { .number(String(value)) }
    /// - Parameter value: finite.
    package static func number(_ value: Double) -> JSONValue { .number("\(value)") }
}

/// The members of a JSON object in their order; no name twice.
package struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    package struct Member: Sendable, Equatable {
        package let name: String
        package var value: JSONValue
    }

    package private(set) var members: [Member] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = elements.map { Member(name: $0, value: $1) }
    }

    package init(members: [Member]) {
        self.members = members
    }

    /// Nil when absent; setting a new name appends it, setting nil removes it.
    package subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONValue {
    /// UTF-8 text, indented by two spaces and ended by a line feed as Hugging Face's files are.
    package func prettyText() -> String {
        var text = ""
        write(to: &text, indent: 0)
        return text + "\n"
    }

    /// UTF-8 text without white space.
    package func compactText() -> String {
        var text = ""
        write(to: &text, indent: nil)
        return text
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let number): text += number
        case .string(let string): text += JSONValue.quoted(string)
        case .array(let elements):
            JSONValue.writeList("[", elements, "]", to: &text, indent) { element, text, inner in
                element.write(to: &text, indent: inner)
            }
        case .object(let object):
            JSONValue.writeList("{", object.members, "}", to: &text, indent) {
                member, text, inner in
                text += JSONValue.quoted(member.name) + (inner == nil ? ":" : ": ")
                member.value.write(to: &text, indent: inner)
            }
        }
    }

    private static func writeList<Element>(
        _ open: String, _ elements: [Element], _ close: String, to text: inout String,
        _ indent: Int?, _ writeElement: (Element, inout String, Int?) -> Void
    ) {
        func newLine(_ depth: Int) -> String { "\n" + String(repeating: " ", count: depth) }
        text += open
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if let indent { text += newLine(indent + 2) }
            writeElement(element, &text, indent.map { $0 + 2 })
        }
        if let indent, !elements.isEmpty { text += newLine(indent) }
        text += close
    }

    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case ..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
