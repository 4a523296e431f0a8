import SpinDomain

/// A value that a template computes with.
indirect enum JinjaValue: Sendable {
    /// What a missing name or key gives; its name is for messages.
    case undefined(String)
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([JinjaValue])
    case dictionary(JinjaDictionary)
    case namespace(Int)
}

/// A dictionary with text keys, in the order of insertion.
struct JinjaDictionary: Sendable, ExpressibleByDictionaryLiteral {
    private(set) var members: [(key: String, value: JinjaValue)] = []

    init(dictionaryLiteral members: (String, JinjaValue)...) {
        self.members = members.map { ($0.0, $0.1) }
    }

    subscript(key: String) -> JinjaValue? {
        get { members.first { $0.key.isSpelled(key) }?.value }
        set {
            members.removeAll { newValue == nil && $0.key.isSpelled(key) }
            guard let newValue else { return }
            if let index = members.firstIndex(where: { $0.key.isSpelled(key) }) {
                members[index].value = newValue
            } else {
                members.append((key, newValue))
            }
        }
    }
}

extension JinjaValue {
    /// Python's truth.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .boolean(let flag): flag
        case .integer(let number): number != 0
        case .number(let number): number != 0
        case .string(let text): !text.isEmpty
        case .list(let elements): !elements.isEmpty
        case .dictionary(let dictionary): !dictionary.members.isEmpty
        case .namespace: true
        }
    }

    var isUndefined: Bool {
        if case .undefined = self { true } else { false }
    }

    /// What kind of value this is, for messages.
    var kind: String {
        switch self {
        case .undefined(let name): "undefined ('\(name)')"
        case .none: "none"
        case .boolean: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .namespace: "a namespace"
        }
    }

    /// The value as Python counts with it: booleans are 0 and 1.
    var asInteger: Int? {
        switch self {
        case .integer(let number): number
        case .boolean(let flag): flag ? 1 : 0
        default: nil
        }
    }

    var asNumber: Double? {
        if case .number(let number) = self { number } else { asInteger.map(Double.init) }
    }

    /// Python's `==`.
    func equals(_ other: JinjaValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): true
        case (.string(let left), .string(let right)): left.isSpelled(right)
        case (.list(let left), .list(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.dictionary(let left), .dictionary(let right)):
            left.members.count == right.members.count
                && left.members.allSatisfy { member in
                    right[member.key].map { $0.equals(member.value) } ?? false
                }
        case (.namespace(let left), .namespace(let right)): left == right
        default:
            if let left = asInteger, let right = other.asInteger {
                left == right
            } else if let left = asNumber, let right = other.asNumber {
                left == right
            } else {
                false
            }
        }
    }

    /// The value for `tojson`; nil for what JSON cannot hold.
    var asJSON: JSONValue? {
        switch self {
        case .undefined, .namespace: return nil
        case .none: return .null
        case .boolean(let flag): return .bool(flag)
        case .integer(let number): return .integer(number)
        case .number(let number): return number.isFinite ? .number(number) : nil
        case .string(let text): return .string(text)
        case .list(let elements):
            let values = elements.compactMap(\.asJSON)
            return values.count == elements.count ? .array(values) : nil
        case .dictionary(let dictionary):
            let members = dictionary.members.compactMap { member in
                member.value.asJSON.map { (member.key, $0) }
            }
            return members.count == dictionary.members.count ? .object(JSONObject(members)) : nil
        }
    }
}
